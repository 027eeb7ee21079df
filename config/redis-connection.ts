import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './logger.ts';

/** How soon a connection that was lost is made again, in ms, and how long making one may take. */
const RETRY_MS = 500;
const CONNECT_DEADLINE_MS = 2_000;

/** How often each connection asks its server for its role, in ms. */
const ROLE_CHECK_MS = 5_000;

/**
 * How long a server may be silent after a command, in ms. Then the connection is made anew: a frozen server may
 * never close it, and the address may lead to another server by now.
 */
const ANSWER_DEADLINE_MS = 2_000;

/** TCP keep-alive: how long a connection is idle before the peer is probed, in ms. */
const KEEP_ALIVE_MS = 10_000;

/** Errors that follow each other within this time, in ms, are one outage. */
const QUIET_MS = 60_000;

/**
 * Replies of a server that cannot do our work in its present state, as a whole: it was demoted, is cut off, loads its data,
 * cannot save, or asks for another password. Older servers put them into the middle of a script's error.
 */
const WRONG_SERVER = /(^|[\s:-])(READONLY|MASTERDOWN|NOREPLICAS|MISCONF|LOADING|CLUSTERDOWN|NOAUTH|WRONGPASS)\s/;

export interface OutageLog {
  logger: Pick<Logger, 'warn'>;
  /** Says what changes as long as Redis is away. */
  consequence: string;
}

/**
 * Connects to Redis as soon as it is available. Reconnects after each loss, and when a server cannot do our work. Each
 * connection resolves its host name again, so it follows a failover that moves a name or an address.
 *
 * @param outageLog says once an outage that Redis is away; without it, only the commands that fail say so
 */
export function connectRedis(url: string, options: RedisOptions = {}, outageLog?: OutageLog): Redis {
  const report = outageLog ? createReport(outageLog) : () => undefined;
  const redis = new Redis(url, {
    connectTimeout: CONNECT_DEADLINE_MS,
    socketTimeout: ANSWER_DEADLINE_MS,
    keepAlive: KEEP_ALIVE_MS,
    retryStrategy: () => RETRY_MS,
    // The command fails with what the server said: its sender decides about another try.
    reconnectOnError(error) {
      const isWrong = WRONG_SERVER.test(`${error.message} `);
      if (isWrong) report(error);
      return isWrong;
    },
    ...options,
  });
  redis.on('error', report);
  const check = setInterval(() => void leaveReplica(redis).catch(() => undefined), ROLE_CHECK_MS).unref();
  redis.on('end', () => clearInterval(check));
  return redis;
}

/** Connects to an optional Redis as soon as it is available. A command that cannot be sent at once fails at once. */
export const connectOptionalRedis = (url: string, options: RedisOptions, outageLog: OutageLog): Redis =>
  connectRedis(
    url,
    { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, ...options },
    outageLog,
  );

/** Disconnects from a replica, which accepts `PUBLISH` without passing it on and refuses nothing that a subscriber sends. */
async function leaveReplica(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') return;
  const [role] = await redis.role();
  if (role === 'slave') redis.disconnect(true);
}

/** Subscribes to channels on a connection of its own, for as long as it is open. */
export function subscribeToRedis(
  url: string,
  channels: readonly string[],
  options: RedisOptions,
  outageLog: OutageLog,
): Redis {
  const redis = connectRedis(url, { ...options, autoResubscribe: false }, outageLog);
  redis.on('ready', () => {
    redis.subscribe(...channels).catch((error) => {
      // A lost connection reports itself, and the next one subscribes.
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
    if (now - lastAt > QUIET_MS) logger.warn({ err: error }, `Redis cannot be used: ${consequence}`);
    lastAt = now;
  };
}
