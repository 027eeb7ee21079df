import {
  isGrpcServiceError,
  ServiceError,
  type WorkflowClient,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';

/**
 * What some work comes to, or `undefined` if that takes too long. The work itself goes on.
 *
 * @param deadline in ms since the epoch
 */
export async function byDeadline<T>(deadline: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), deadline - Date.now());
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** It may or may not have happened, or it has and cannot be shown yet: Temporal or Postgres was too slow, or is away. */
export class OutcomeUnknown extends Error {
  override name = 'OutcomeUnknown';
}

/** One call to Temporal, ended at the deadline, in ms since the epoch. @throws {OutcomeUnknown} */
export type CallWithDeadline = <T>(deadline: number, call: () => Promise<T>) => Promise<T>;

/** The SDK's deadline ends each of its calls; ours also ends its own loop of retries around them. */
export function createCallWithDeadline(client: WorkflowClient): CallWithDeadline {
  return async (deadline, call) => {
    try {
      const answer = await byDeadline(
        deadline,
        client.withDeadline(deadline, async () => ({ value: await call() })),
      );
      if (!answer) throw new OutcomeUnknown('Temporal did not answer in time');
      return answer.value;
    } catch (error) {
      throw isSilence(error) ? new OutcomeUnknown('Temporal cannot be reached', { cause: error }) : error;
    }
  };
}

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;

/** Of a history the SDK hands on what gRPC says; a namespace that is not there is another matter. */
export const isNoSuchWorkflow = (error: unknown): boolean =>
  isGrpcServiceError(error) && error.code === NOT_FOUND && !/namespace/i.test(error.details);

function isSilence(error: unknown): boolean {
  if (isNoSuchWorkflow(error)) return false;
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  // What Temporal calls malformed will never happen, however often it is sent: a bug of ours.
  return isGrpcServiceError(cause) && cause.code !== INVALID_ARGUMENT;
}
