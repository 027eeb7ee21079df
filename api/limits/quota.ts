import type { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';

/** So many in so many seconds, from the first one on. */
export interface Allowance {
  count: number;
  seconds: number;
}

/** Where somebody stands with a quota. */
export interface Standing {
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
  take(key: string): Promise<Standing>;
  giveBack(key: string): Promise<unknown>;
  forget(key: string): Promise<unknown>;
}

export const isExceeded = ({ taken, allowance }: Standing): boolean => taken > allowance.count;

/** A quota that each process counts for itself. */
export const localQuota = (policy: string, allowance: Allowance): Quota =>
  quota(policy, allowance, inMemory(policy, allowance));

/** A quota that all processes count together, in Redis; each for itself while Redis cannot be reached. */
export const sharedQuota = (policy: string, allowance: Allowance, redis: Redis): Quota =>
  quota(policy, allowance, inRedis(policy, allowance, redis));

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

/** Remembers keys for so many seconds, in Redis; see {@link sharedQuota}. */
export function sharedMemory(name: string, seconds: number, redis: Redis) {
  const limiter = inRedis(name, { count: 1, seconds }, redis);
  return {
    remember: (key: string): Promise<unknown> => limiter.set(key, 1, seconds),
    knows: async (key: string): Promise<boolean> => (await limiter.get(key)) !== null,
  };
}

const inMemory = (name: string, { count, seconds }: Allowance) =>
  new RateLimiterMemory({ points: count, duration: seconds, keyPrefix: name });

const inRedis = (name: string, allowance: Allowance, redis: Redis) =>
  new RateLimiterRedis({
    storeClient: redis,
    points: allowance.count,
    duration: allowance.seconds,
    keyPrefix: `crema:limits:${name}`,
    // Without asking first, where the connection is known to be down: nobody waits for a Redis that does not answer.
    rejectIfRedisNotReady: true,
    insuranceLimiter: inMemory(name, allowance),
  });
