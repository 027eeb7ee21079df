import { workflowInfo } from '@temporalio/workflow';
import { emailTaskQueueOf } from './messages/definitions.ts';
import { EMAIL_RETRY } from './retry-policies.ts';

/**
 * Timeouts of the activities that send emails. A mail server may take fifteen minutes for one email (`RFC_5321_TIMEOUTS`), and an
 * activity sends at most ten emails (`BATCH` in channels.ts), so it may take two and a half hours. Heartbeats detect a dead worker
 * earlier.
 */
export const emailTimeouts = { startToCloseTimeout: '3h', heartbeatTimeout: '45s' } as const;

/** Returns the task queue of the activities that send emails. */
export const emailQueue = (): string => emailTaskQueueOf(workflowInfo().taskQueue);

/** Options of activities that send a single email: about an account or a webhook, or one that is sent again. */
export const singleEmail = {
  ...emailTimeouts,
  scheduleToCloseTimeout: '24h',
  retry: EMAIL_RETRY,
} as const;
