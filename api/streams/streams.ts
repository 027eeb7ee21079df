import { randomInt } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Logger } from '../../config/logger.ts';
import type { EventLog } from '../../db/event-log.ts';
import type { Order } from '../../domain/order/order.ts';
import { isFinal } from '../../domain/order/transitions.ts';
import type { TokenClaims } from '../auth/access-token.ts';
import type { Caller } from '../auth/caller.ts';
import { Problem } from '../http/problem.ts';
import type { RouteResponse } from '../http/route.ts';
import { toOrderInEvent } from '../orders/resources.ts';
import { viewOf } from './broadcast.ts';
import { toFrame, toRetryFrame } from './frames.ts';
import type { Hub } from './hub.ts';
import { type Position, toPosition } from './position.ts';
import { type Beginning, type OpenStream, openStream } from './stream.ts';

/** Somebody who may follow an order, or the whole shop, and wants to. */
export interface StreamRequest {
  /** As it was just found: the snapshot, if the log does not know it yet. Without it, all orders. */
  order?: Order;
  /** What they have read already; without it, they begin with a snapshot. */
  after: Position | undefined;
  caller: Caller;
  token: TokenClaims;
  /** Asked again and again, as long as the stream is open. */
  stillMay(): Promise<boolean>;
}

/** The event streams of one process (design §5). */
export interface Streams {
  /** @throws {Problem} when the caller, or this process, has as many streams as it may */
  answer(request: StreamRequest): Promise<RouteResponse>;
  /** Looks at once whether streams that have to do with an id may go on. @param id see `CallerLookup.forget` */
  recheck(id: string): void;
  /** How many are open. */
  count(): number;
  /** Ends all streams and begins no more: their readers come back to another process. */
  stop(): void;
}

export interface StreamsOptions {
  log: EventLog;
  hub: Hub;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Where clients see the API. */
  publicUrl: string;
  /** Seconds between two signs of life. */
  heartbeat: number;
  /** How many at once, and how many of one user. */
  max: number;
  maxPerUser: number;
}

/** How often streams are looked after, in ms. */
const UPKEEP_MS = 1_000;

/** When clients come back, in ms: not all at once. */
const RETRY_MS = [500, 2_000] as const;

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Nobody on the way may keep it, compress it, or wait until there is more of it.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

export function createStreams({ log, hub, logger, publicUrl, heartbeat, max, maxPerUser }: StreamsOptions): Streams {
  const open = new Map<OpenStream, TokenClaims>();
  const ofUser = new Map<string, number>();
  let stopped = false;
  const upkeep = setInterval(() => {
    const now = performance.now();
    for (const stream of [...open.keys()]) stream.lookAfter(now);
  }, UPKEEP_MS);

  function mustHaveRoom({ sub }: TokenClaims): void {
    if (stopped) throw new Problem('unavailable', { detail: 'The process is stopping. Try again.' });
    if (open.size >= max)
      throw new Problem('unavailable', { detail: 'The process has reached its limit of open streams. Try again.' });
    if ((ofUser.get(sub) ?? 0) < maxPerUser) return;
    throw new Problem('too_many_streams', {
      detail: `At most ${maxPerUser} streams may be open at once. Close one first.`,
    });
  }

  const answer: Streams['answer'] = async (request) => {
    mustHaveRoom(request.token);
    const beginning = await beginningOf(request);
    if (!beginning) return { status: 204 };
    return { status: 200, headers, stream: (response) => serve(request, beginning, response) };
  };

  /** @returns `undefined` when everything has been read and nothing can follow */
  async function beginningOf({ order, after, caller }: StreamRequest): Promise<Beginning | undefined> {
    const orderId = order?.id;
    const retry = toRetryFrame(randomInt(...RETRY_MS));
    if (after) {
      const { epoch, end } = await log.read(after.n, { orderId, limit: 0 });
      if (epoch === after.epoch && after.n <= end) {
        const last = orderId && (await log.lastOf(orderId));
        if (last && last <= after.n) return undefined;
        return { epoch, position: after.n, opening: retry, caughtUp: false, maybeOver: false };
      }
    }
    const { epoch, end, orders } = await log.snapshot(orderId);
    const seen = (each: Order) => toOrderInEvent(each, caller.actor);
    const data = order ? { order: seen(orders[0] ?? order) } : { orders: orders.map(seen) };
    const snapshot = toFrame({ id: toPosition({ epoch, n: end }), event: 'snapshot', data });
    return {
      epoch,
      position: end,
      opening: Buffer.concat([retry, snapshot]),
      caughtUp: true,
      maybeOver: orders.some(({ status }) => isFinal(status)),
    };
  }

  function serve({ order, caller, token, stillMay }: StreamRequest, beginning: Beginning, response: ServerResponse) {
    // While the log was read, the client may have left, and others may have come.
    if (response.closed) return;
    mustHaveRoom(token);
    const stream = openStream(response, beginning, {
      log,
      hub,
      logger,
      publicUrl,
      heartbeat: heartbeat * 1_000,
      orderId: order?.id,
      view: viewOf(caller.actor),
      expiresAt: token.expiresAt,
      stillMay,
      onClose: () => {
        open.delete(stream);
        tally(token, -1);
      },
    });
    open.set(stream, token);
    tally(token, 1);
  }

  function tally({ sub }: TokenClaims, change: 1 | -1): void {
    const now = (ofUser.get(sub) ?? 0) + change;
    if (now > 0) ofUser.set(sub, now);
    else ofUser.delete(sub);
  }

  function recheck(id: string): void {
    for (const [stream, token] of [...open]) if (Object.values(token).includes(id)) stream.recheck();
  }

  function stop(): void {
    stopped = true;
    clearInterval(upkeep);
    for (const stream of [...open.keys()]) stream.end();
  }

  return { answer, recheck, count: () => open.size, stop };
}
