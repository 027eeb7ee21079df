import { setTimeout as delay } from 'node:timers/promises';
import { callWithDeadline } from './call-with-deadline.ts';

/** What so many clients got done in a window of time. */
export interface Load {
  /** Things a second. */
  rate: number;
  /** How long each took that ended within the window, in ms. */
  times: number[];
}

export interface LoadOptions {
  clients: number;
  /** Before the window opens, in ms: the clients begin one after the other, so that they do not march in step. */
  rampUp: number;
  /** In ms. */
  window: number;
  /** One thing of one client. */
  work(client: number): Promise<unknown>;
  signal: AbortSignal;
}

/**
 * Keeps so many clients busy, each with one thing at a time, and counts what ends while the window is open. Where things take
 * long it stays open until there is one for every client. What has begun by then is let finish, uncounted: the next turn
 * begins with nothing under way.
 */
export async function load({ clients, rampUp, window, work, signal }: LoadOptions): Promise<Load> {
  const opens = performance.now() + rampUp;
  let closes = opens + window;
  let isOpen = true;
  const times: number[] = [];

  function count(start: number, end: number): void {
    if (!isOpen || end < opens) return;
    const late = end >= closes;
    const enough = times.length >= clients;
    if (!late || !enough) times.push(end - start);
    if (late && times.length >= clients) {
      isOpen = false;
      if (!enough) closes = end;
    }
  }

  async function keepBusy(client: number): Promise<void> {
    await delay((rampUp * client) / clients);
    for (let start = performance.now(); isOpen; ) {
      signal.throwIfAborted();
      await callWithDeadline('One call', work(client));
      const end = performance.now();
      count(start, end);
      start = end;
    }
  }

  await Promise.all(Array.from({ length: clients }, (_, client) => keepBusy(client)));
  return { rate: (times.length / (closes - opens)) * 1_000, times };
}
