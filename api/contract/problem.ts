import { z } from 'zod';
import { statuses } from '../../domain/order/transitions.ts';
import { type ProblemCode, problems } from '../problem.ts';
import { money } from './values.ts';

const fault = z.union([
  z.object({ pointer: z.string().meta({ example: '#/lines/0/quantity' }), detail: z.string() }),
  z.object({ parameter: z.string(), detail: z.string() }),
  z.object({ header: z.string(), detail: z.string() }),
]);

/** RFC 9457, with the members that single codes add. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
    errors: z.array(fault).optional().meta({ description: 'Every fault of an invalid request' }),
    currentStatus: z.enum(statuses).optional(),
    allowedTransitions: z.array(z.enum(statuses)).optional(),
    version: z.int().optional(),
    total: money.optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });
