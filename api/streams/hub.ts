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

/** The number of facts in one read. Their total size is far below `MAX_BACKLOG` in stream.ts. */
const PAGE = 25;

/** The number of newest facts that are kept for readers that join. */
const MAX_RECENT = 100;

/** Creates a hub, which reads the log once for all streams of a process. */
export function createHub({ log, logger, publicUrl, everyMs = 1_000 }: HubOptions) {
  const readers = new Set<Reader>();
  /** The log that the readers follow, and the position up to which it was read. */
  let epoch = '';
  let position = 0;
  /** The newest broadcasts. Contains every fact after the position `recentAfter`. */
  let recent: Broadcast[] = [];
  let recentAfter = 0;
  /** Orders that may have no more facts. */
  const maybeFinished = new Set<string>();
  let poll: NodeJS.Timeout | undefined;
  let isReading = false;
  let mayHaveMore = false;

  /** Reads the log now, as there may be new facts. Does nothing without readers. */
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

  /** Publishes the next facts. @returns whether there may be more */
  async function readPage(): Promise<boolean> {
    const from = { epoch, position };
    const page = await log.read(position, { limit: PAGE });
    // All readers left during the read, and others joined.
    if (from.epoch !== epoch || from.position !== position) return true;
    if (page.epoch !== epoch || page.end < position) {
      // The log was restored from a backup: clients reconnect and get a snapshot.
      for (const reader of [...readers]) reader.end();
      return false;
    }
    for (const fact of page.facts) {
      const broadcast = toBroadcast(fact, epoch, publicUrl);
      position = broadcast.position;
      recent.push(broadcast);
      if (recent.length > MAX_RECENT) recentAfter = recent.shift()?.position ?? recentAfter;
      for (const reader of [...readers]) deliver(broadcast, reader);
    }
    return page.facts.length === PAGE;
  }

  function deliver(broadcast: Broadcast, reader: Reader): void {
    if (!follows(reader, broadcast)) return;
    reader.receive(broadcast);
    if (reader.orderId !== undefined && broadcast.maybeLast) maybeFinished.add(reader.orderId);
  }

  /** Ends the streams of orders that can have no more facts. */
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
   * @returns `false` if the hub no longer has all of these facts: the reader must read them from the log and join again
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
