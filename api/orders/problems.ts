import { MAX_LINES_BYTES } from '../../domain/order/order.ts';
import type { OptionFault } from '../../domain/order/pricing.ts';
import { OutcomeUnknownError } from '../http/deadline.ts';
import { type Fault, invalidRequest, Problem, type ProblemOptions } from '../http/problem.ts';
import type { RequestContext } from './request-context.ts';
import type { Resend } from './resending.ts';
import type { OrderService } from './service.ts';

type Refusal = Extract<
  Awaited<ReturnType<OrderService['place'] | OrderService['quote'] | OrderService['change'] | Resend>>,
  { refused: string }
>;

/** Returns the problem of a refusal. */
export function problemOf(refusal: Refusal): Problem {
  switch (refusal.refused) {
    case 'product_unavailable': {
      const errors = refusal.lines.map((line) => ({ pointer: `#/lines/${line}`, detail: 'is not available' }));
      return new Problem('product_unavailable', { extra: { errors } });
    }
    case 'options_invalid':
      return new Problem('options_invalid', { extra: { errors: refusal.faults.map(optionFault) } });
    case 'order_too_large':
      return new Problem('payload_too_large', {
        detail: `The lines of the order have more than ${MAX_LINES_BYTES} bytes as JSON. Send fewer lines or options.`,
      });
    case 'unknown_lines': {
      const detail = 'is not a line of this order, or occurs twice';
      return invalidRequest(refusal.lines.map((line) => ({ pointer: `#/lines/${line}/id`, detail })));
    }
    case 'workflow_gone': {
      const { refused: _, ...extra } = refusal;
      const detail =
        'The order cannot change, because its workflow is lost. An operator can resume it: see docs/operating/backups-and-reconciling.md.';
      return new Problem('illegal_transition', { detail, extra });
    }
    case 'forbidden':
      return new Problem('forbidden', { detail: 'Only the customer can edit an online order. You can cancel it.' });
    case 'nothing_to_send':
      return new Problem('nothing_to_send', { detail: refusal.detail });
    case 'illegal_transition': {
      const { refused, ...extra } = refusal;
      const { currentStatus, allowedTransitions: allowed } = refusal;
      const next = allowed.join(', ') || 'none';
      const detail = `The status of the order is ${currentStatus}. Allowed next status: ${next}.`;
      return new Problem(refused, { detail, extra });
    }
    default: {
      const { refused, ...extra } = refusal;
      return new Problem(refused, { extra });
    }
  }
}

const optionDetails = {
  unknown: 'is not an option of this product',
  repeated: 'is repeated: send it once, with a `quantity`',
  sold_out: 'is not available',
};

function optionFault(fault: OptionFault): Fault {
  const options = `#/lines/${fault.line}/options`;
  if ('option' in fault) return { pointer: `${options}/${fault.option}`, detail: optionDetails[fault.why] };
  const { why, group, limit } = fault;
  return { pointer: options, detail: `${group}: choose at ${why === 'too_few' ? 'least' : 'most'} ${limit}` };
}

/** Returns a handler that turns an {@link OutcomeUnknownError} into a problem, and rethrows every other error. */
const ifUnknown =
  (code: 'outcome_unknown' | 'unavailable', options: Pick<ProblemOptions, 'detail' | 'headers'>) =>
  (cause: unknown): never => {
    if (!(cause instanceof OutcomeUnknownError)) throw cause;
    throw new Problem(code, { ...options, cause });
  };

/** Handles the error of a write. The response contains the idempotency key, with which a retry is safe. */
export const outcomeUnknown = ({ idempotencyKey }: RequestContext) =>
  ifUnknown('outcome_unknown', {
    detail: 'The request may have taken effect. Repeat it with this Idempotency-Key to get its outcome.',
    headers: { 'idempotency-key': idempotencyKey },
  });

/** Handles the error of a read. */
export const unavailable = ifUnknown('unavailable', {
  detail: 'The order cannot be read at the moment. Try again.',
});

/** Handles the error of a resend. */
export const resendUnknown = ifUnknown('outcome_unknown', {
  detail: 'The email may have been sent. The timeline shows its outcome.',
});
