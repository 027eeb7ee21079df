import type { Logger } from '../../config/logger.ts';
import type { EventLog } from '../../db/event-log.ts';
import { type Broadcast, toBroadcast } from './broadcast.ts';

/** Somebody who follows the log. */
export interface Reader {
  /** Of one order, or of all. */
  orderId: string | undefined;
  /** Of the log that it has begun to read. */
  epoch: string;
  /** Everything up to there it has. */
  readonly position: number;
  receive(broadcast: Broadcast): void;
  end(): void;
}

/** Reads the log once for all readers of a process. */
export interface Hub {
  /** Says that there may be something new. Costs nothing while there are no readers. */
  wake(): void;
  /**
   * Takes a reader in, who gets whatever stands behind its position from now on.
   *
   * @returns `false` when the hub does not remember what came right behind it: the reader reads on by itself, and tries again
   */
  join(reader: Reader): boolean;
  leave(reader: Reader): void;
}

export interface HubOptions {
  log: Pick<EventLog, 'read' | 'lastOf'>;
  logger: Pick<Logger, 'warn'>;
  /** Where clients see the API. */
  publicUrl: string;
  /** How often the log is looked at although nobody said that there is something new, in ms. */
  everyMs?: number;
}

/** Facts that are read, and sent, at once: together they stay far below what a reader may be behind. */
const PAGE = 25;

/** How many facts are remembered for readers who have read the log themselves a moment ago. */
const REMEMBERED = 100;

export function createHub({ log, logger, publicUrl, everyMs = 1_000 }: HubOptions): Hub {
  const readers = new Set<Reader>();
  const ofShop = new Set<Reader>();
  const ofOrder = new Map<string, Set<Reader>>();
  /** The log that they follow, and how far. */
  let epoch = '';
  let position = 0;
  /** The newest broadcasts: all behind `forgotten`. */
  let remembered: Broadcast[] = [];
  let forgotten = 0;
  /** Orders of which perhaps everything has been told. */
  const maybeOver = new Set<string>();
  let poll: NodeJS.Timeout | undefined;
  let reading = false;
  let again = false;

  function wake(): void {
    again = true;
    if (readers.size > 0 && !reading) void follow();
  }

  async function follow(): Promise<void> {
    reading = true;
    try {
      while (again && readers.size > 0) {
        again = false;
        if (await readOn()) again = true;
        await endWhatIsOver();
      }
    } catch (error) {
      // Nobody is sent away for that: the next look goes on from here.
      logger.warn({ err: error }, 'the event log cannot be read; streams wait');
    } finally {
      reading = false;
    }
  }

  /** @returns whether there may be more */
  async function readOn(): Promise<boolean> {
    const from = { epoch, position };
    const { facts, ...now } = await log.read(position, { limit: PAGE });
    // Everybody left meanwhile, and somebody else came.
    if (from.epoch !== epoch || from.position !== position) return true;
    if (now.epoch !== epoch || now.end < position) {
      // Another log than they have begun to read: they come back, and get a snapshot.
      for (const reader of [...readers]) reader.end();
      return false;
    }
    for (const fact of facts) tell(toBroadcast(fact, epoch, publicUrl));
    return facts.length === PAGE;
  }

  function tell(broadcast: Broadcast): void {
    const { orderId, maybeLast } = broadcast;
    position = broadcast.position;
    remembered.push(broadcast);
    if (remembered.length > REMEMBERED) forgotten = remembered.shift()?.position ?? forgotten;
    const concerned = ofOrder.get(orderId) ?? [];
    for (const reader of [...ofShop, ...concerned]) reader.receive(broadcast);
    if (maybeLast && ofOrder.has(orderId)) maybeOver.add(orderId);
  }

  async function endWhatIsOver(): Promise<void> {
    for (const orderId of [...maybeOver]) {
      const last = await log.lastOf(orderId);
      maybeOver.delete(orderId);
      if (last === undefined) continue;
      for (const reader of [...(ofOrder.get(orderId) ?? [])]) if (reader.position >= last) reader.end();
    }
  }

  function begin(reader: Reader): void {
    ({ epoch, position } = reader);
    forgotten = position;
    remembered = [];
    poll = setInterval(wake, everyMs);
  }

  function join(reader: Reader): boolean {
    if (readers.size === 0) begin(reader);
    else if (reader.epoch !== epoch || reader.position < forgotten) {
      wake();
      return false;
    }
    readers.add(reader);
    groupOf(reader).add(reader);
    for (const broadcast of remembered) {
      if (reader.orderId !== undefined && broadcast.orderId !== reader.orderId) continue;
      reader.receive(broadcast);
      if (broadcast.maybeLast && reader.orderId !== undefined) maybeOver.add(reader.orderId);
    }
    wake();
    return true;
  }

  function groupOf({ orderId }: Reader): Set<Reader> {
    if (orderId === undefined) return ofShop;
    const group = ofOrder.get(orderId) ?? new Set();
    ofOrder.set(orderId, group);
    return group;
  }

  function leave(reader: Reader): void {
    if (!readers.delete(reader)) return;
    groupOf(reader).delete(reader);
    if (reader.orderId !== undefined && groupOf(reader).size === 0) ofOrder.delete(reader.orderId);
    if (readers.size > 0) return;
    clearInterval(poll);
    remembered = [];
    maybeOver.clear();
  }

  return { wake, join, leave };
}
