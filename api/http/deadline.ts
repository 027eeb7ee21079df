import {
  isGrpcServiceError,
  ServiceError,
  type WorkflowClient,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';

/**
 * Returns the result of the work, or `undefined` if the deadline passes first. The work is not cancelled.
 *
 * @param deadline in ms since the epoch
 */
export function byDeadline<T>(deadline: number, work: Promise<T>): Promise<T | undefined> {
  // Not `timers/promises`: ending its timer creates an error with a stack trace for each call.
  const expired = Promise.withResolvers<undefined>();
  const timer = setTimeout(expired.resolve, deadline - Date.now(), undefined);
  return Promise.race([work, expired.promise]).finally(() => clearTimeout(timer));
}

/** Thrown if Temporal or Postgres is slow or unavailable. The change may have taken effect, or cannot be read yet. */
export class OutcomeUnknownError extends Error {
  override name = 'OutcomeUnknownError';
}

/** Makes a call to Temporal that ends at the deadline, in ms since the epoch. @throws {OutcomeUnknownError} */
export type CallWithDeadline = <T>(deadline: number, call: () => Promise<T>) => Promise<T>;

/** The deadline of the SDK applies to each attempt of an RPC, and the SDK retries. {@link byDeadline} also ends the retries. */
export function createCallWithDeadline(client: WorkflowClient): CallWithDeadline {
  return async (deadline, call) => {
    try {
      const answer = await byDeadline(
        deadline,
        client.withDeadline(deadline, async () => ({ value: await call() })),
      );
      if (!answer) throw new OutcomeUnknownError('Temporal did not answer in time');
      return answer.value;
    } catch (error) {
      throw isTemporalUnavailable(error)
        ? new OutcomeUnknownError('Temporal cannot be reached', { cause: error })
        : error;
    }
  };
}

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;

/** Returns whether gRPC reports an unknown workflow. An unknown namespace has the same code, but another message. */
export const isNoSuchWorkflow = (error: unknown): boolean =>
  isGrpcServiceError(error) && error.code === NOT_FOUND && !/namespace/i.test(error.details);

function isTemporalUnavailable(error: unknown): boolean {
  if (isNoSuchWorkflow(error)) return false;
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  // Temporal rejects malformed requests with this code. They are bugs, which a retry cannot solve, and not outages.
  return isGrpcServiceError(cause) && cause.code !== INVALID_ARGUMENT;
}
