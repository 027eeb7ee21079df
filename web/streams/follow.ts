import { type Signal, signal } from '@preact/signals';
import { createParser } from 'eventsource-parser';
import { client } from '../client/client.gen.ts';
import type { OrderEvent, OrderInEvent } from '../client/index.ts';
import { untilOnline } from '../page/online.ts';
import { settings } from '../page/settings.ts';

/** An event of a stream of `GET /v1/orders/events` or `GET /v1/orders/{id}/events`. */
export type StreamEvent =
  | { type: 'snapshot'; data: { orders: OrderInEvent[] } | { order: OrderInEvent } }
  | { type: OrderEvent['type']; data: OrderEvent }
  | { type: 'catalog.changed'; data: unknown };

/** Returns the order in an event of the stream of one order. */
export function orderIn({ type, data }: StreamEvent): OrderInEvent | undefined {
  if (type === 'snapshot') return 'order' in data ? data.order : undefined;
  return type === 'catalog.changed' ? undefined : data.data.order;
}

export type Connection = 'connecting' | 'live' | 'lost' | 'ended';

interface FollowOptions {
  /** The path of the stream. */
  url: string;
  onEvent(event: StreamEvent): void;
  /** Returns the query of the next connection, such as a ticket; `undefined` if there is none now. Default: no query. */
  query?: (signal: AbortSignal) => Promise<Record<string, string> | undefined>;
  /** Called when the API refuses the stream, before the next attempt. */
  onRefused?: (status: number) => void;
}

export interface Following {
  connection: Signal<Connection>;
  stop(): void;
}

/** Without a sign of life for so long, a connection counts as lost, in ms. */
const SILENCE_MS = (2 * settings.heartbeat + 5) * 1_000;

/** The first and the longest pause before the next connection, in ms. */
const PAUSE_MS = { first: 500, longest: 10_000 };

/**
 * Follows a stream until it ends or `stop` is called. A lost connection is opened again, and continues after the last event. An
 * `EventSource` cannot do this, because it sends no access token and cannot get a second ticket.
 */
export function follow({ url, onEvent, query = async () => ({}), onRefused }: FollowOptions): Following {
  const connection = signal<Connection>('connecting');
  const stopped = new AbortController();
  let lastEventId: string | undefined;

  /** Reads one connection to its end. @returns whether the stream has ended for good */
  async function connect(signal: AbortSignal, onLife: () => void): Promise<boolean> {
    const parameters = await query(signal);
    if (!parameters) throw new Error('There is no ticket now.');
    const { data, response } = await client.get<ReadableStream<Uint8Array>>({
      url,
      query: parameters,
      parseAs: 'stream',
      security: [{ type: 'http', scheme: 'bearer' }],
      headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId },
      signal,
    });
    if (response?.status === 204) return true;
    if (!response?.ok) {
      if (response) onRefused?.(response.status);
      throw new Error(`The stream was answered with ${response?.status}.`);
    }
    connection.value = 'live';
    const parser = createParser({
      onEvent({ id, event, data: json }) {
        if (id !== undefined) lastEventId = id;
        onEvent({ type: event, data: JSON.parse(json) } as StreamEvent);
      },
    });
    const text = new TextDecoder();
    // Safari cannot iterate over a stream yet.
    const reader = (data as ReadableStream<Uint8Array>).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      onLife();
      parser.feed(text.decode(read.value, { stream: true }));
    }
    return false;
  }

  async function run(): Promise<void> {
    let pause = PAUSE_MS.first;
    while (!stopped.signal.aborted) {
      const lost = new AbortController();
      const loseConnection = () => lost.abort();
      let silence = setTimeout(loseConnection, SILENCE_MS);
      addEventListener('offline', loseConnection);
      try {
        const signal = AbortSignal.any([stopped.signal, lost.signal]);
        const hasEnded = await connect(signal, () => {
          clearTimeout(silence);
          silence = setTimeout(loseConnection, SILENCE_MS);
          pause = PAUSE_MS.first;
        });
        if (hasEnded) {
          connection.value = 'ended';
          return;
        }
      } catch {
        connection.value = 'lost';
      } finally {
        clearTimeout(silence);
        removeEventListener('offline', loseConnection);
        // An error in `onEvent` leaves the connection open.
        loseConnection();
      }
      await untilOnline(pause, stopped.signal);
      pause = Math.min(2 * pause, PAUSE_MS.longest);
    }
  }

  void run();
  return { connection, stop: () => stopped.abort() };
}
