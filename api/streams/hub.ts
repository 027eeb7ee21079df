import type { Logger } from '../../config/logger.ts';
import type { EventLog } from '../../db/event-log.ts';
import { type Broadcast, toBroadcast } from './broadcast.ts';

/** A stream that receives facts from the hub. */
export interface Reader {
  /** The order to follow; undefined: all orders. */
  orderId: string | undefined;
  epoch: string;
  /** The log position up to which the reader has every fact. */
  position: number;
  receive(broadcast: Broadcast): void;
  end(): void;
}

interface HubOptions {
  log: Pick<EventLog, 'read' | 'lastOf'>;
  logger: Pick<Logger, 'warn'>;
  /** Base URL of the API as clients see it. */
  publicUrl: string;
  /** The pause between two reads without a wake-up, in ms. */
  everyMs?: number;
}

/** How many facts one read returns at most. One page cannot fill a backlog: it is far smaller than `MAX_BACKLOG` in stream.ts. */
const PAGE = 25;

/** How many of the newest facts are kept for readers that join later. */
const MAX_RECENT = 100;

/** Creates the hub of a process, which reads each fact from the log once for all streams. */
export function createHub({ log, logger, publicUrl, everyMs = 1_000 }: HubOptions) {
  const readers = new Set<Reader>();
  /** The epoch of the log that the readers follow, and the position up to which the hub has read it. */
  let epoch = '';
  let position = 0;
  /** The newest broadcasts: every fact after the position `recentAfter`, up to `position`. */
  let recent: Broadcast[] = [];
  let recentAfter = 0;
  /** Orders whose last fact may have been delivered. */
  const maybeFinished = new Set<string>();
  let poll: NodeJS.Timeout | undefined;
  let isReading = false;
  let mayHaveMore = false;

  /** Reads the log now, because there may be new facts. Does nothing if the hub has no readers. */
  function wake(): void {
    mayHaveMore = true;
    if (readers.size > 0 && !isReading) void readAll();
  }

  async function readAll(): Promise<void> {
    isReading = true;
    try {
      while (mayHaveMore && readers.size > 0) {
        mayHaveMore = false;
        if (await readPage()) mayHaveMore = true;
        await endFinished();
      }
    } catch (error) {
      logger.warn({ err: error }, 'the event log cannot be read; streams wait');
    } finally {
      isReading = false;
    }
  }

  /** Delivers the next facts to the readers. @returns whether there may be more facts */
  async function readPage(): Promise<boolean> {
    const from = { epoch, position };
    const page = await log.read(position, { limit: PAGE });
    // During the read, all readers left and others joined. The hub has a new position, so this page is stale.
    if (from.epoch !== epoch || from.position !== position) return true;
    if (page.epoch !== epoch || page.end < position) {
      // Postgres was restored from a backup, so the readers' positions are invalid. Clients reconnect and get a snapshot.
      for (const reader of [...readers]) reader.end();
      return false;
    }
    for (const fact of page.facts) {
      const broadcast = toBroadcast(fact, epoch, publicUrl);
      position = broadcast.position;
      recent.push(broadcast);
      if (recent.length > MAX_RECENT) recentAfter = recent.shift()?.position ?? recentAfter;
      for (const reader of readers) deliver(broadcast, reader);
    }
    return page.facts.length === PAGE;
  }

  function deliver(broadcast: Broadcast, reader: Reader): void {
    if (!follows(reader, broadcast)) return;
    reader.receive(broadcast);
    if (reader.orderId !== undefined && broadcast.maybeLast) maybeFinished.add(reader.orderId);
  }

  /** Ends the streams of orders that can have no more facts, once all facts are delivered. */
  async function endFinished(): Promise<void> {
    for (const orderId of [...maybeFinished]) {
      const last = (await log.lastOf(orderId)) ?? Number.POSITIVE_INFINITY;
      maybeFinished.delete(orderId);
      for (const reader of [...readers]) if (reader.orderId === orderId && reader.position >= last) reader.end();
    }
  }

  /**
   * Adds a reader, which then receives every fact after its position.
   *
   * @returns `false` if the hub does not have all of these facts. The reader must then read them from the log and join again
   */
  function join(reader: Reader): boolean {
    if (readers.size === 0) {
      ({ epoch, position } = reader);
      recent = [];
      recentAfter = position;
      maybeFinished.clear();
      poll = setInterval(wake, everyMs);
    } else if (reader.epoch !== epoch || reader.position < recentAfter) {
      wake();
      return false;
    }
    readers.add(reader);
    for (const broadcast of recent) deliver(broadcast, reader);
    wake();
    return true;
  }

  function leave(reader: Reader): void {
    readers.delete(reader);
    if (readers.size === 0) clearInterval(poll);
  }

  return { wake, join, leave };
}

const follows = ({ orderId }: Reader, broadcast: Broadcast) => orderId === undefined || orderId === broadcast.orderId;

export type Hub = ReturnType<typeof createHub>;
