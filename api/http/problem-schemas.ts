import { z } from 'zod';
import { status } from '../orders/schemas.ts';
import { type ProblemCode, problems } from './problem.ts';
import { money } from './schemas.ts';

const fault = z
  .object({
    pointer: z
      .string()
      .optional()
      .meta({ description: 'Where in the body: a JSON Pointer such as `#/lines/0/quantity`' }),
    parameter: z.string().optional().meta({ description: 'The name of the parameter' }),
    header: z.string().optional().meta({ description: 'The name of the header' }),
    detail: z.string(),
  })
  .meta({ id: 'Fault', description: 'One of `pointer`, `parameter` and `header` says where' });

/** The headers of a 429, by name: what each says. */
export const rateLimitHeaders = {
  RateLimit: 'How many requests are left (`r`), and for how many seconds (`t`)',
  'RateLimit-Policy': 'How many are allowed (`q`) in how many seconds (`w`)',
  'Retry-After': 'Seconds to wait',
};

/** RFC 9457, with the members that single codes add. */
export const problem = z
  .object({
    type: z.string().meta({ description: 'A page that explains the code, relative to the API' }),
    title: z.string(),
    status: z.int().meta({ description: 'The HTTP status once more' }),
    detail: z.string().meta({ description: 'One sentence about this very request' }),
    instance: z.string().meta({ description: 'The id of the request, as in `X-Request-Id` and the logs' }),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]).meta({
      id: 'ProblemCode',
      description: 'What went wrong, for programs',
    }),
    errors: z
      .array(fault)
      .optional()
      .meta({ description: '`invalid_request`, `product_unavailable`: every fault, not just the first' }),
    currentStatus: status.optional().meta({ description: '`illegal_transition`: where the order is' }),
    allowedTransitions: z.array(status).optional().meta({ description: '`illegal_transition`: where you may move it' }),
    version: z.int().optional().meta({ description: '`illegal_transition`, `version_mismatch`: the present one' }),
    total: money.optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });
