import { z } from 'zod';
import { status } from '../orders/schemas.ts';
import { type ProblemCode, problems } from './problem.ts';
import { money } from './schemas.ts';

const fault = z
  .object({
    pointer: z.string().optional().meta({ description: 'A JSON Pointer into the body, such as `#/lines/0/quantity`' }),
    parameter: z.string().optional().meta({ description: 'The name of the parameter' }),
    header: z.string().optional().meta({ description: 'The name of the header' }),
    detail: z.string(),
  })
  .meta({ id: 'Fault', description: 'A fault of the request. One of `pointer`, `parameter` and `header` locates it' });

/** The descriptions of the headers of a 429, by name. */
export const rateLimitHeaders = {
  RateLimit: 'The remaining requests (`r`) and the seconds until the quota resets (`t`)',
  'RateLimit-Policy': 'The quota of requests (`q`) and its window in seconds (`w`)',
  'Retry-After': 'Seconds to wait before a retry',
};

/** A problem document (RFC 9457). The optional members belong to the codes that their descriptions name. */
export const problem = z
  .object({
    type: z.string().meta({ description: 'The URL of a page about the code, relative to the base URL of the API' }),
    title: z.string(),
    status: z.int().meta({ description: 'The HTTP status' }),
    detail: z.string().meta({ description: 'What is wrong with this request' }),
    instance: z.string().meta({ description: 'The request id, as in `X-Request-Id` and in the logs' }),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]).meta({
      id: 'ProblemCode',
      description: 'The machine-readable name of the problem',
    }),
    errors: z.array(fault).optional().meta({
      description: '`invalid_request`, `product_unavailable`, `options_invalid`: the faults in the request',
    }),
    currentStatus: status.optional().meta({ description: '`illegal_transition`: the current status of the order' }),
    allowedTransitions: z
      .array(status)
      .optional()
      .meta({ description: '`illegal_transition`: the statuses that you may set next' }),
    version: z.int().optional().meta({ description: '`illegal_transition`, `version_mismatch`: the current version' }),
    total: money.optional().meta({ description: '`price_changed`: the current total' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });
