import { heartbeat } from '@temporalio/activity';

/** The interval between heartbeats, in ms. It is a third of the heartbeat timeout in workflows/email-options.ts. */
const HEARTBEAT_MS = 15_000;

/** Sends heartbeats while an activity runs, because a mail server may take minutes to answer. */
export async function withHeartbeats<Result>(work: () => Promise<Result>): Promise<Result> {
  const timer = setInterval(() => heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
