import { setTimeout as delay } from 'node:timers/promises';
import { callWithDeadline } from './call-with-deadline.ts';

/** The operations of all clients in a window of time. */
export interface Load {
  /** Operations a second. */
  rate: number;
  /** The durations of the operations that ended within the window, in ms. */
  times: number[];
}

export interface LoadOptions {
  clients: number;
  /** The time before the window, in ms. The clients start one by one during this time, so that they do not run in step. */
  rampUp: number;
  /** The length of the window, in ms. */
  window: number;
  /** One operation of one client. */
  work(client: number): Promise<unknown>;
  signal: AbortSignal;
}

/**
 * Keeps the clients busy, each with one operation at a time, and counts the operations that end within the window. The window is
 * extended until at least as many operations have ended as there are clients. Later operations are awaited without being counted,
 * so that the machine is idle before the next turn.
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
