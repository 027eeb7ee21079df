import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './logger.ts';

/** The pause before a reconnection, and the timeout of a connection attempt, in ms. */
const RETRY_MS = 500;
const CONNECT_TIMEOUT_MS = 2_000;

/** The interval of checks of a server's role, in ms. */
const ROLE_CHECK_MS = 5_000;

/**
 * The timeout of an answer, in ms. The client then reconnects, because a frozen server may never close the connection, and the
 * host name may already belong to another server.
 */
const ANSWER_TIMEOUT_MS = 2_000;

/** The idle time before a TCP keep-alive probe, in ms. */
const KEEP_ALIVE_MS = 10_000;

/** Errors less than this time apart, in ms, count as one outage. */
const QUIET_MS = 60_000;

/**
 * Errors of a server that cannot be used: it was demoted, is disconnected from its cluster, loads its data, cannot save, or
 * requires another password. Older servers put these codes into the middle of a script's error.
 */
const UNUSABLE_SERVER = /(^|[\s:-])(READONLY|MASTERDOWN|NOREPLICAS|MISCONF|LOADING|CLUSTERDOWN|NOAUTH|WRONGPASS)\s/;

export interface OutageLog {
  logger: Pick<Logger, 'warn'>;
  /** The effect of an outage, for the log line. */
  consequence: string;
}

/**
 * Connects to Redis as soon as it is available. Reconnects when the connection is lost or the server cannot be used. Each
 * connection resolves the host name again, so that the client follows a failover.
 *
 * @param outageLog logs each outage once; without it, outages appear only as failed commands
 */
export function connectRedis(url: string, options: RedisOptions = {}, outageLog?: OutageLog): Redis {
  const report = outageLog ? createReport(outageLog) : () => undefined;
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: ANSWER_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    retryStrategy: () => RETRY_MS,
    // Reconnects without sending the command again. It fails with the server's error, so that the caller decides whether to
    // retry.
    reconnectOnError(error) {
      const isUnusable = UNUSABLE_SERVER.test(`${error.message} `);
      if (isUnusable) report(error);
      return isUnusable;
    },
    ...options,
  });
  redis.on('error', report);
  const check = setInterval(() => void leaveReplica(redis).catch(() => undefined), ROLE_CHECK_MS).unref();
  redis.on('end', () => clearInterval(check));
  return redis;
}

/** Connects to Redis for optional commands: a command that cannot be sent at once fails. */
export const connectOptionalRedis = (url: string, options: RedisOptions, outageLog: OutageLog): Redis =>
  connectRedis(
    url,
    { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, ...options },
    outageLog,
  );

/**
 * Reconnects if the server is a replica, which would accept `PUBLISH` and subscriptions but not forward messages to other
 * servers.
 */
async function leaveReplica(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') return;
  const [role] = await redis.role();
  if (role === 'slave') redis.disconnect(true);
}

/** Subscribes to channels on a connection of its own. */
export function subscribeToRedis(
  url: string,
  channels: readonly string[],
  options: RedisOptions,
  outageLog: OutageLog,
): Redis {
  const redis = connectRedis(url, { ...options, autoResubscribe: false }, outageLog);
  redis.on('ready', () => {
    redis.subscribe(...channels).catch((error) => {
      // A lost connection is already reported, and the next connection subscribes again. So this error is ignored.
      if (redis.status !== 'ready') return;
      redis.emit('error', error);
      redis.disconnect(true);
    });
  });
  return redis;
}

function createReport({ logger, consequence }: OutageLog): (error: Error) => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    const now = performance.now();
    if (now - lastAt > QUIET_MS) logger.warn({ err: error }, `Redis is unavailable: ${consequence}`);
    lastAt = now;
  };
}
