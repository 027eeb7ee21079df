import { randomInt, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Logger } from '../../config/logger.ts';
import type { EventLog } from '../../db/event-log.ts';
import { CATALOG_CHANGED, catalogChanged } from '../../domain/catalog/catalog-changed.ts';
import type { Order } from '../../domain/order/order.ts';
import { isFinal } from '../../domain/order/transitions.ts';
import type { TokenClaims } from '../auth/access-token.ts';
import type { Caller } from '../auth/caller-lookup.ts';
import type { Menu } from '../catalog/menu.ts';
import { Problem } from '../http/problem.ts';
import type { RouteResponse } from '../http/route.ts';
import { toOrderInEvent } from '../orders/resources.ts';
import { viewOf } from './broadcast.ts';
import { toFrame, toRetryFrame } from './frames.ts';
import type { Hub } from './hub.ts';
import { createMenuWatch } from './menu-watch.ts';
import { type Position, toPosition } from './position.ts';
import { type OpenStream, openStream, type StreamStart } from './stream.ts';

/** A request to follow an order, or all orders. The caller's access is already checked. */
export interface StreamRequest {
  /** The order to follow; undefined: all orders. If the log does not have the order yet, the snapshot shows this version. */
  order?: Order;
  /** The position after which the stream continues; undefined: the stream begins with a snapshot. */
  after: Position | undefined;
  caller: Caller;
  token: TokenClaims;
  /** Returns whether the caller still has access. Called repeatedly while the stream is open. */
  stillMay(): Promise<boolean>;
}

interface StreamsOptions {
  log: EventLog;
  hub: Hub;
  menu: Pick<Menu, 'read'>;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Base URL of the API as clients see it. */
  publicUrl: string;
  /** The pause between two heartbeats, in seconds. */
  heartbeat: number;
  /** The maximum number of open streams of this process. */
  max: number;
  /** The maximum number of open streams of one user in this process. */
  maxPerUser: number;
}

const MAINTENANCE_MS = 1_000;

/** The range of the pause before a client reconnects, in ms. The pause is random, so that clients do not reconnect all at once. */
const RETRY_MS = [500, 2_000] as const;

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Proxies must not store, compress or buffer a stream.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

/** Creates the event streams of one process. */
export function createStreams({ log, hub, menu, logger, publicUrl, heartbeat, max, maxPerUser }: StreamsOptions) {
  const open = new Map<OpenStream, TokenClaims>();
  let stopped = false;
  const menuWatch = createMenuWatch(menu, notifyOfMenu);
  const maintenance = setInterval(() => {
    const now = performance.now();
    for (const stream of [...open.keys()]) stream.maintain(now);
    if (shopStreams().length === 0) return;
    menuWatch.check().catch((error) => logger.warn({ err: error }, 'the menu cannot be checked for changes'));
  }, MAINTENANCE_MS);

  const shopStreams = () => [...open.keys()].filter(({ followsShop }) => followsShop);

  function notifyOfMenu(): void {
    const data = catalogChanged(randomUUID(), new Date().toISOString(), publicUrl);
    const frame = toFrame({ event: CATALOG_CHANGED, data });
    for (const stream of shopStreams()) stream.notify(frame);
  }

  function checkLimits({ sub }: TokenClaims): void {
    if (stopped) throw new Problem('unavailable', { detail: 'The process is stopping. Try again.' });
    if (open.size >= max)
      throw new Problem('unavailable', { detail: 'The process has reached its limit of open streams. Try again.' });
    if ([...open.values()].filter((token) => token.sub === sub).length < maxPerUser) return;
    throw new Problem('too_many_streams', {
      detail: `At most ${maxPerUser} streams may be open at once. Close one first.`,
    });
  }

  /** Returns where a stream starts; undefined if the client has every fact and no more can follow. */
  async function startOf({ order, after, caller }: StreamRequest): Promise<StreamStart | undefined> {
    const orderId = order?.id;
    const retry = toRetryFrame(randomInt(...RETRY_MS));
    if (after) {
      const { epoch, end } = await log.read(after.n, { orderId, limit: 0 });
      if (epoch === after.epoch && after.n <= end) {
        const last = orderId && (await log.lastOf(orderId));
        if (last && last <= after.n) return undefined;
        return { epoch, position: after.n, firstFrames: retry, caughtUp: false, maybeFinished: false };
      }
    }
    const { epoch, end, orders } = await log.snapshot(orderId);
    const seen = (each: Order) => toOrderInEvent(each, caller.actor);
    const data = order ? { order: seen(orders[0] ?? order) } : { orders: orders.map(seen) };
    const snapshot = toFrame({ id: toPosition({ epoch, n: end }), event: 'snapshot', data });
    return {
      epoch,
      position: end,
      firstFrames: Buffer.concat([retry, snapshot]),
      caughtUp: true,
      maybeFinished: orders.some(({ status }) => isFinal(status)),
    };
  }

  function serve({ order, caller, token, stillMay }: StreamRequest, start: StreamStart, response: ServerResponse) {
    // While the log was read, the client may have disconnected. Other streams may have opened, so the limits are checked again.
    if (response.closed) return;
    checkLimits(token);
    const stream = openStream(response, start, {
      log,
      hub,
      logger,
      publicUrl,
      heartbeat: heartbeat * 1_000,
      orderId: order?.id,
      view: viewOf(caller.actor),
      expiresAt: token.expiresAt,
      stillMay,
      onClose: () => open.delete(stream),
    });
    open.set(stream, token);
  }

  return {
    /** @throws {Problem} if the user, or the process, has too many open streams */
    async answer(request: StreamRequest): Promise<RouteResponse> {
      checkLimits(request.token);
      // The menu is checked before the stream opens, because its reader may read the menu at once.
      if (!request.order) await menuWatch.check();
      const start = await startOf(request);
      if (!start) return { status: 204 };
      return { status: 200, headers, stream: (response) => serve(request, start, response) };
    },

    /** Checks the access of all streams whose token contains this id. @param id see `evict` in auth/caller-lookup.ts */
    recheckAccess(id: string): void {
      for (const [stream, token] of [...open]) if (Object.values(token).includes(id)) stream.recheckAccess();
    },

    /** Returns the number of open streams. */
    count: (): number => open.size,

    /** Ends all streams and opens no more. Clients reconnect to another process. */
    stop(): void {
      stopped = true;
      clearInterval(maintenance);
      for (const stream of [...open.keys()]) stream.end();
    },
  };
}

export type Streams = ReturnType<typeof createStreams>;
