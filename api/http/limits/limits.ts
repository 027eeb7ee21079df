import type { Redis } from 'ioredis';
import type { Logger } from '../../../config/logger.ts';
import { connectOptionalRedis } from '../../../config/redis-connection.ts';
import { canonicalEmail } from '../../../domain/account/canonical-email.ts';
import type { Purpose } from '../../../domain/account/link.ts';
import type { ApiSettings } from '../../settings.ts';
import { createQuota, keyOf } from './quota.ts';
import { createSignInLimiter } from './sign-in-limiter.ts';

export type Limits = ReturnType<typeof createLimits>;

export function createLimits(settings: ApiSettings, redis: Redis) {
  const accountEmail = createQuota('account-mail', settings.RATE_LIMIT_ACCOUNT_MAIL, redis);
  return {
    /** Requests that place orders, by user. */
    placing: createQuota('placing', settings.RATE_LIMIT_PLACING, redis),
    /** All other authenticated requests, by user. */
    user: createQuota('user', settings.RATE_LIMIT_USER, redis),
    /** Unauthenticated requests, by IP address. */
    anonymous: createQuota('anonymous', settings.RATE_LIMIT_ANONYMOUS, redis),
    signInLimiter: createSignInLimiter(
      {
        pair: settings.RATE_LIMIT_SIGN_IN,
        address: settings.RATE_LIMIT_SIGN_IN_ADDRESS,
        account: settings.RATE_LIMIT_SIGN_IN_ACCOUNT,
      },
      redis,
    ),
    /** Counts an account email. For each address, each purpose has a quota of its own. */
    accountEmail: (email: string, purpose: Purpose) => accountEmail.take(keyOf(`${purpose} ${canonicalEmail(email)}`)),
  };
}

/** Timeout of a Redis command, in ms. If Redis hangs, only the first requests wait this long. */
const COMMAND_TIMEOUT_MS = 200;

/**
 * Connects to the Redis of the rate limits, now or once it is available. If Redis hangs, the connection is closed. Requests are
 * then counted in memory until a new connection succeeds.
 */
export const connectLimitsRedis = (url: string, logger: Logger): Redis =>
  connectOptionalRedis(
    url,
    {
      connectionName: 'crema-limits',
      commandTimeout: COMMAND_TIMEOUT_MS,
      // Closes the connection, so that later requests do not wait.
      socketTimeout: COMMAND_TIMEOUT_MS,
    },
    { logger, consequence: 'rate limits count in memory' },
  );
