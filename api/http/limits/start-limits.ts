import type { Logger } from '../../../config/logger.ts';
import type { ApiSettings } from '../../settings.ts';
import { createLimits, type Limits } from './limits.ts';
import { connectLimitsRedis } from './limits-redis.ts';

/** Starts the rate limits, on a Redis connection of their own. */
export function startLimits(settings: ApiSettings, logger: Logger): { limits: Limits; stop(): void } {
  const redis = connectLimitsRedis(settings.REDIS_URL, logger);
  const allowances = {
    placing: settings.RATE_LIMIT_PLACING,
    user: settings.RATE_LIMIT_USER,
    anonymous: settings.RATE_LIMIT_ANONYMOUS,
    signIn: {
      pair: settings.RATE_LIMIT_SIGN_IN,
      address: settings.RATE_LIMIT_SIGN_IN_ADDRESS,
      account: settings.RATE_LIMIT_SIGN_IN_ACCOUNT,
    },
    accountEmail: settings.RATE_LIMIT_ACCOUNT_MAIL,
  };
  return { limits: createLimits(allowances, redis), stop: () => redis.disconnect() };
}
