import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';

/** So many in so many seconds, from the first one on. */
export interface Allowance {
  count: number;
  seconds: number;
}

/** Where somebody stands with a quota. */
export interface QuotaStatus {
  /** The quota's name. */
  policy: string;
  allowance: Allowance;
  taken: number;
  /** Seconds until everything is forgotten, at least 1. */
  resetsIn: number;
}

/** Counts what somebody takes, by key. */
export interface Quota {
  /** Takes one, even if there is none left: see {@link isExceeded}. */
  take(key: string): Promise<QuotaStatus>;
  giveBack(key: string): Promise<unknown>;
  forget(key: string): Promise<unknown>;
}

/** A key that tells nobody's address, for any text. */
export const keyOf = (...parts: string[]): string => createHash('sha256').update(parts.join('\0')).digest('base64url');

export const isExceeded = ({ taken, allowance }: QuotaStatus): boolean => taken > allowance.count;

/** A quota that each process counts for itself. */
export const localQuota = (policy: string, allowance: Allowance): Quota =>
  quota(policy, allowance, inMemory(policy, allowance));

/**
 * A quota that all processes count together, in Redis, and each for itself as well: so an outage of Redis, real or apparent,
 * does not reset the count.
 */
export function sharedQuota(policy: string, allowance: Allowance, redis: Redis): Quota {
  const here = localQuota(policy, allowance);
  const everywhere = redisQuota(policy, allowance, redis);
  return {
    async take(key) {
      const [own, all] = await Promise.all([here.take(key), everywhere.take(key)]);
      return fuller(own, all);
    },
    giveBack: (key) => Promise.allSettled([here.giveBack(key), everywhere.giveBack(key)]),
    forget: (key) => Promise.allSettled([here.forget(key), everywhere.forget(key)]),
  };
}

/** A quota that all processes count together, in Redis alone: it counts nothing while that is away, which the connection logs. */
export function redisQuota(policy: string, allowance: Allowance, redis: Redis) {
  const everywhere = quota(policy, allowance, inRedis(policy, allowance, redis));
  return {
    ...everywhere,
    take: (key: string): Promise<QuotaStatus | undefined> => everywhere.take(key).catch(() => undefined),
  };
}

/** Where more was taken. */
export const fuller = (own: QuotaStatus, all: QuotaStatus | undefined): QuotaStatus =>
  all && all.taken > own.taken ? all : own;

function quota(policy: string, allowance: Allowance, limiter: RateLimiterAbstract): Quota {
  return {
    async take(key) {
      const { consumedPoints, msBeforeNext } = await limiter.penalty(key);
      return { policy, allowance, taken: consumedPoints, resetsIn: Math.max(1, Math.ceil(msBeforeNext / 1_000)) };
    },
    giveBack: (key) => limiter.reward(key),
    forget: (key) => limiter.delete(key),
  };
}

/** Remembers keys for so many seconds, for all processes in Redis, or for this one while it cannot be reached. */
export function sharedMemory(name: string, seconds: number, redis: Redis) {
  const allowance = { count: 1, seconds };
  const limiter = inRedis(name, allowance, redis, inMemory(name, allowance));
  return {
    remember: (key: string): Promise<unknown> => limiter.set(key, 1, seconds),
    knows: async (key: string): Promise<boolean> => (await limiter.get(key)) !== null,
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
    // Without asking first, where the connection is known to be down: nobody waits for a Redis that does not answer.
    rejectIfRedisNotReady: true,
    ...(insuranceLimiter && { insuranceLimiter }),
  });
