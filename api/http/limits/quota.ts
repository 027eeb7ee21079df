import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';

/** A number of requests in a time window. The first request starts the window. */
export interface Allowance {
  count: number;
  seconds: number;
}

/** How much of a quota one key has used. */
export interface QuotaStatus {
  /** The quota's name. */
  policy: string;
  allowance: Allowance;
  taken: number;
  /** Seconds until the window ends, at least 1. */
  resetsIn: number;
}

/** Returns a hash of texts, for use as a key, so that Redis stores no email address. */
export const keyOf = (...parts: string[]): string => createHash('sha256').update(parts.join('\0')).digest('base64url');

export const isExceeded = ({ taken, allowance }: QuotaStatus): boolean => taken > allowance.count;

/**
 * Returns a quota with two counts: one in Redis for all processes, and one in memory for this process. The higher count applies.
 * So an outage of Redis does not reset the count.
 */
export function createQuota(policy: string, allowance: Allowance, redis: Redis) {
  const local = inMemory(policy, allowance);
  const shared = inRedis(policy, allowance, redis);
  const statusOf = ({ consumedPoints, msBeforeNext }: RateLimiterRes): QuotaStatus => ({
    policy,
    allowance,
    taken: consumedPoints,
    resetsIn: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
  });
  return {
    /**
     * Counts one request and returns the status of the quota, which the request may exceed. Does not call Redis for a quota
     * that is exceeded in this process.
     *
     * @param onlyHere whether to count in this process only, which saves a call to Redis
     */
    async take(key: string, onlyHere = false): Promise<QuotaStatus> {
      const own = statusOf(await local.penalty(key));
      if (onlyHere || isExceeded(own)) return own;
      // `connectLimitsRedis` in limits.ts logs an outage, so the error is ignored here.
      const all = await shared.penalty(key).then(statusOf, () => own);
      return all.taken > own.taken ? all : own;
    },

    /** Subtracts one request from the count. */
    giveBack: (key: string): Promise<unknown> => Promise.allSettled([local.reward(key), shared.reward(key)]),

    reset: (key: string): Promise<unknown> => Promise.allSettled([local.delete(key), shared.delete(key)]),
  };
}

export type Quota = ReturnType<typeof createQuota>;

/** Returns a set in Redis whose keys expire. While Redis is unavailable, each process uses its own set in memory. */
export function createExpiringSet(name: string, seconds: number, redis: Redis) {
  const allowance = { count: 1, seconds };
  const limiter = inRedis(name, allowance, redis, inMemory(name, allowance));
  return {
    add: (key: string): Promise<unknown> => limiter.set(key, 1, seconds),
    has: async (key: string): Promise<boolean> => (await limiter.get(key)) !== null,
  };
}

const inMemory = (name: string, { count, seconds }: Allowance) =>
  new RateLimiterMemory({ points: count, duration: seconds, keyPrefix: name });

const inRedis = (name: string, allowance: Allowance, redis: Redis, insuranceLimiter?: RateLimiterMemory) =>
  new RateLimiterRedis({
    storeClient: redis,
    points: allowance.count,
    duration: allowance.seconds,
    keyPrefix: `crema:limits:${name}`,
    // Fails at once while the connection is down, so that no request waits for it.
    rejectIfRedisNotReady: true,
    ...(insuranceLimiter && { insuranceLimiter }),
  });
