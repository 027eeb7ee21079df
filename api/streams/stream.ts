import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Logger } from '../../config/logger.ts';
import type { EventLog } from '../../db/event-log.ts';
import { type Broadcast, toBroadcast, type View } from './broadcast.ts';
import { HEARTBEAT } from './frames.ts';
import type { Hub, Reader } from './hub.ts';

/** Where a stream begins. */
export interface Beginning {
  epoch: string;
  /** Everything up to there its reader has, or will have with the opening. */
  position: number;
  /** What is sent first. */
  opening: Buffer;
  /** Nothing that is old lies behind the position. */
  caughtUp: boolean;
  /** Perhaps nothing follows. */
  maybeOver: boolean;
}

/** A stream that is open, to those who look after it. */
export interface OpenStream {
  /** To be called every now and then. @param now on the monotonic clock, in ms */
  lookAfter(now: number): void;
  /** Looks whether its reader still may read it, and ends it if not. */
  recheck(): void;
  /** Ends it in order: what was written arrives, and the client comes back. */
  end(): void;
}

export interface StreamOptions {
  log: Pick<EventLog, 'read' | 'lastOf'>;
  hub: Hub;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Where clients see the API. */
  publicUrl: string;
  /** In ms. */
  heartbeat: number;
  orderId: string | undefined;
  view: View;
  /** When the token ends, in ms since the epoch. */
  expiresAt: number;
  /** What it throws says nothing. */
  stillMay(): Promise<boolean>;
  onClose(): void;
}

/** Facts that a reader who catches up is sent at once. */
const PAGE = 100;

/** How many bytes a reader may be behind, and for how long nothing may get through, in ms. */
const MAX_BACKLOG = 1_048_576;
const STALLED_MS = 30_000;

/** How often it is asked whether a reader still may, in ms. */
const RECHECK_MS = 5_000;

/** Sends a reader the beginning, then everything behind it from the log, then whatever the hub tells. */
export function openStream(response: ServerResponse, beginning: Beginning, options: StreamOptions): OpenStream {
  const { log, hub, logger, publicUrl, heartbeat, orderId, view, expiresAt, stillMay, onClose } = options;
  const { epoch } = beginning;
  const closing = new AbortController();
  let { position } = beginning;
  let writtenAt = performance.now();
  let movingAt = writtenAt;
  let checkedAt = writtenAt;

  function write(frame: Buffer): void {
    writtenAt = performance.now();
    response.write(frame);
  }

  function receive(broadcast: Broadcast): void {
    // A reader may have read further than the hub, which then tells what it knows.
    if (closing.signal.aborted || broadcast.position <= position) return;
    ({ position } = broadcast);
    if (response.writableLength > MAX_BACKLOG) cut('it is too far behind');
    else write(broadcast.frame(view));
  }

  const reader: Reader = {
    orderId,
    epoch,
    get position() {
      return position;
    },
    receive,
    end,
  };

  async function catchUp(): Promise<void> {
    let { caughtUp, maybeOver } = beginning;
    while (!closing.signal.aborted) {
      await drained();
      if (caughtUp) {
        const last = orderId !== undefined && maybeOver ? await log.lastOf(orderId) : undefined;
        if (last !== undefined && last <= position) return end();
        if (closing.signal.aborted || (last === undefined && hub.join(reader))) return;
      }
      const page = await log.read(position, { orderId, limit: PAGE });
      if (page.epoch !== epoch || page.end < position) return end();
      for (const fact of page.facts) {
        const broadcast = toBroadcast(fact, epoch, publicUrl);
        ({ position } = broadcast);
        maybeOver ||= broadcast.maybeLast;
        write(broadcast.frame(view));
      }
      caughtUp = page.facts.length < PAGE;
      if (caughtUp) position = page.end;
    }
  }

  async function drained(): Promise<void> {
    if (response.writableNeedDrain) await once(response, 'drain', { signal: closing.signal });
  }

  function close(): void {
    if (closing.signal.aborted) return;
    // A reason that costs nothing: an error would be made with its stack.
    closing.abort('closed');
    hub.leave(reader);
    onClose();
  }

  function end(): void {
    close();
    response.end();
  }

  function cut(reason: string): void {
    logger.info({ reason, orderId }, 'a stream was cut off');
    close();
    response.destroy();
  }

  function recheck(): void {
    checkedAt = performance.now();
    stillMay().then(
      (may) => may || end(),
      (error) => logger.warn({ err: error }, 'whether a stream may go on cannot be told; it does'),
    );
  }

  function lookAfter(now: number): void {
    if (!response.writableNeedDrain) movingAt = now;
    if (Date.now() >= expiresAt) end();
    else if (now - movingAt >= STALLED_MS) cut('nothing gets through to its reader');
    else {
      if (now - writtenAt >= heartbeat) write(HEARTBEAT);
      if (now - checkedAt >= RECHECK_MS) recheck();
    }
  }

  response.once('close', close);
  write(beginning.opening);
  catchUp().catch((error) => {
    if (closing.signal.aborted) return;
    logger.warn({ err: error }, 'a stream cannot catch up; its reader is to come back');
    end();
  });
  return { lookAfter, recheck, end };
}
