import { heartbeat } from '@temporalio/activity';

/** How often, in ms: thrice in the heartbeat time-out of emails, `workflows/email-options.ts`. */
const HEARTBEAT_MS = 15_000;

/** Tells Temporal at intervals that an activity is alive, for as long as its work takes: a mail server may think for minutes. */
export async function withHeartbeats<Result>(work: () => Promise<Result>): Promise<Result> {
  const beats = setInterval(() => heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beats);
  }
}
