import type { RetryPolicy } from '@temporalio/common';
import { GROWTH, type RetryPlan } from '../domain/webhook/retry.ts';

/** Has no limit, because an event that is not in the journal is missing from every read. */
export const JOURNAL_RETRY: RetryPolicy = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' };

/** Slower than the journal, because event streams read the journal and do not depend on messages from Redis. */
export const PUBLISH_RETRY: RetryPolicy = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '15s' };

/** Pauses for at most a minute, because mail servers often reject a first attempt and accept one a minute later. */
export const EMAIL_RETRY: RetryPolicy = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' };

/** Allows no retry, because the queues of customer and shop make the later attempts, with {@link EMAIL_RETRY}. */
export const FIRST_EMAILS_RETRY: RetryPolicy = { maximumAttempts: 1 };

const HOUR_MS = 60 * 60 * 1_000;

/** How long after an event its delivery is given up, in ms. The journal has no limit. */
export const GIVE_UP_AFTER_MS = { redis: HOUR_MS, customer: 24 * HOUR_MS, shop: 24 * HOUR_MS };

/** The time for attempts at an event older than {@link GIVE_UP_AFTER_MS}, in ms. Longer for emails, which servers check first. */
export const LAST_ATTEMPT_MS = { redis: 10_000, customer: 30_000, shop: 30_000 };

/** For single writes to Postgres, which continue after an outage of any length. */
export const DATABASE_RETRY: RetryPolicy = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' };

/** Limits the attempts, because the schedule starts the next reconciliation anyway. */
export const RECONCILE_RETRY: RetryPolicy = { ...DATABASE_RETRY, maximumAttempts: 10 };

/** Applies to failures of Crema. After a failure of the endpoint, the activity itself sets the pause (domain/webhook/retry.ts). */
export const webhookRetry = ({ first, longest }: RetryPlan): RetryPolicy => ({
  initialInterval: first,
  backoffCoefficient: GROWTH,
  maximumInterval: longest,
});
