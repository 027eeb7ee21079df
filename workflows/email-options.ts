import { EMAIL_RETRY } from './retry-policies.ts';

/**
 * Time-outs of the activities that send emails. A mail server may take fifteen minutes for one (`RFC_5321_DEADLINES`), and an
 * activity sends ten at most; it heartbeats meanwhile, so that a dead worker is noticed.
 */
export const emailTimeouts = { startToCloseTimeout: '3h', heartbeatTimeout: '45s' } as const;

/** Retries of a single email, about an account or a webhook, or of one that is sent once more. */
export const singleEmail = {
  ...emailTimeouts,
  scheduleToCloseTimeout: '24h',
  retry: EMAIL_RETRY,
} as const;
