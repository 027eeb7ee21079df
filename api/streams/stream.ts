import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Logger } from '../../config/logger.ts';
import type { EventLog } from '../../db/event-log.ts';
import { type Broadcast, toBroadcast, type View } from './broadcast.ts';
import { HEARTBEAT } from './frames.ts';
import type { Hub, Reader } from './hub.ts';

/** Where a stream starts in the log. */
export interface StreamStart {
  epoch: string;
  /** A log position. Once the client has received the first frames, it has every fact up to this position. */
  position: number;
  firstFrames: Buffer;
  /** Whether the position is near the end of the log, so that the stream can join the hub at once. */
  caughtUp: boolean;
  /** Whether the order's last fact may be at or before this position. */
  maybeFinished: boolean;
}

export interface StreamOptions {
  log: Pick<EventLog, 'read' | 'lastOf'>;
  hub: Hub;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Base URL of the API as clients see it. */
  publicUrl: string;
  /** The pause between two heartbeats, in ms. */
  heartbeat: number;
  orderId: string | undefined;
  view: View;
  /** When the token expires, in ms since the epoch. */
  expiresAt: number;
  /** Returns whether the caller still has access. If the check throws, the stream stays open. */
  stillMay(): Promise<boolean>;
  onClose(): void;
}

/** How many facts one read returns at most while a stream catches up. */
const PAGE = 100;

/** How much data may wait for a slow connection, in bytes. */
const MAX_BACKLOG = 1_048_576;

/** How long a connection may be stalled while data waits for it, in ms. */
const STALLED_MS = 30_000;

/** The pause between two access checks, in ms. */
const RECHECK_MS = 5_000;

/** Sends the first frames, then the later facts: from the log until the stream has caught up, then from the hub. */
export function openStream(response: ServerResponse, start: StreamStart, options: StreamOptions) {
  const { log, hub, logger, publicUrl, heartbeat, orderId, view, expiresAt, stillMay, onClose } = options;
  const { epoch } = start;
  const closing = new AbortController();
  const reader: Reader = { orderId, epoch, position: start.position, receive, end };
  let writtenAt = performance.now();
  let drainedAt = writtenAt;
  let checkedAt = writtenAt;

  /** Sends a frame at once. Otherwise, Node would send it only after the hub has called all other streams. */
  function write(frame: Buffer): void {
    const { socket } = response;
    writtenAt = performance.now();
    socket?.cork();
    response.write(frame);
    socket?.uncork();
  }

  function send(broadcast: Broadcast): void {
    reader.position = broadcast.position;
    write(broadcast.frame(view));
  }

  function receive(broadcast: Broadcast): void {
    // The stream may have read further in the log than the hub, so it may have sent this fact already.
    if (closing.signal.aborted || broadcast.position <= reader.position) return;
    if (response.writableLength > MAX_BACKLOG) cut('the backlog is too large');
    else send(broadcast);
  }

  /** Sends a frame that has no position in the log. */
  function notify(frame: Buffer): void {
    if (!closing.signal.aborted) write(frame);
  }

  async function catchUp(): Promise<void> {
    let { caughtUp, maybeFinished } = start;
    while (!closing.signal.aborted) {
      if (response.writableNeedDrain) await once(response, 'drain', { signal: closing.signal });
      if (caughtUp) {
        const last = orderId !== undefined && maybeFinished ? await log.lastOf(orderId) : undefined;
        if (last !== undefined && last <= reader.position) return end();
        if (closing.signal.aborted || (last === undefined && hub.join(reader))) return;
      }
      const page = await log.read(reader.position, { orderId, limit: PAGE });
      // Postgres was restored from a backup, so the position is invalid. The client reconnects and gets a snapshot.
      if (page.epoch !== epoch || page.end < reader.position) return end();
      for (const fact of page.facts) {
        const broadcast = toBroadcast(fact, epoch, publicUrl);
        maybeFinished ||= broadcast.maybeLast;
        send(broadcast);
      }
      caughtUp = page.facts.length < PAGE;
      if (caughtUp) reader.position = page.end;
    }
  }

  function close(): void {
    if (closing.signal.aborted) return;
    // Without a reason, every abort would create an error with a stack trace.
    closing.abort('closed');
    hub.leave(reader);
    onClose();
  }

  /** Ends the stream without loss: the client receives everything that was written, and reconnects. */
  function end(): void {
    close();
    response.end();
  }

  function cut(reason: string): void {
    logger.info({ reason, orderId }, 'a stream was cut off');
    close();
    response.destroy();
  }

  /** Checks whether the caller still has access, and ends the stream if not. */
  function recheckAccess(): void {
    checkedAt = performance.now();
    stillMay().then(
      (may) => may || end(),
      (error) => logger.warn({ err: error }, 'the access check of a stream failed; the stream stays open'),
    );
  }

  /** Sends heartbeats, and ends an expired or stalled stream. Called once a second. @param now on the monotonic clock, in ms */
  function maintain(now: number): void {
    if (!response.writableNeedDrain) drainedAt = now;
    if (Date.now() >= expiresAt) end();
    else if (now - drainedAt >= STALLED_MS) cut('the connection is stalled');
    else {
      if (now - writtenAt >= heartbeat) write(HEARTBEAT);
      if (now - checkedAt >= RECHECK_MS) recheckAccess();
    }
  }

  response.once('close', close);
  write(start.firstFrames);
  catchUp().catch((error) => {
    if (closing.signal.aborted) return;
    logger.warn({ err: error }, 'a stream could not catch up; its client must reconnect');
    end();
  });
  return { followsShop: orderId === undefined, notify, maintain, recheckAccess, end };
}

export type OpenStream = ReturnType<typeof openStream>;
