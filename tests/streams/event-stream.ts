import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { OrderCloudEvent } from '../../domain/order/cloud-event.ts';
import { waitFor } from '../../stack/wait.ts';
import type { Shop } from '../shop.ts';

/** One event as it was received. */
export interface Received {
  id: string;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: snapshots and events
  data: any;
}

export interface EventStream {
  status: number;
  headers: IncomingMessage['headers'];
  /** The events received so far. */
  events: Received[];
  /** The number of comments received so far. */
  heartbeats: number;
  /** How the stream ended: properly, or disconnected. */
  end: 'open' | 'ended' | 'cut';
  /** The body of a response that is not a stream. */
  text: string;
  /** The ids of the events of orders. */
  ids(): string[];
  /** Waits until this many events are received, including the snapshot. */
  receives(count: number): Promise<Received[]>;
  ends(): Promise<void>;
  /** Stops reading, like a hanging client. */
  pause(): void;
  close(): void;
}

export interface Follow {
  as?: string;
  headers?: Record<string, string>;
  after?: string | undefined;
  /** Selects the data of each event to keep; all by default. */
  keep?: (data: Received['data']) => unknown;
}

/** The timeout for expected events. */
const waitOptions = { deadline: 20_000, every: 20 };

/** Opens an event stream, from a position if given (`Last-Event-ID`). */
export function follow(
  shop: Pick<Shop, 'url'>,
  path: string,
  { as, headers, after, keep = (data) => data }: Follow = {},
): Promise<EventStream> {
  const { hostname, port } = new URL(shop.url);
  const sent = {
    ...(as && { authorization: `Bearer ${as}` }),
    ...(after !== undefined && { 'last-event-id': after }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    // A separate connection, so that no other request waits for it.
    const request = httpRequest({ hostname, port, path, headers: sent, agent: false }, (response) => {
      resolve(read(response, keep, () => request.destroy()));
    });
    request.on('error', reject);
    request.end();
  });
}

function read(response: IncomingMessage, keep: NonNullable<Follow['keep']>, destroy: () => void): EventStream {
  let rest = '';
  const stream: EventStream = {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events: [],
    heartbeats: 0,
    end: 'open',
    text: '',
    ids: () =>
      stream.events.filter(({ event }) => event.startsWith('order.')).map(({ data }) => (data as OrderCloudEvent).id),
    async receives(count) {
      await waitFor(`Event ${count}`, () => stream.events.length >= count, waitOptions);
      return stream.events;
    },
    ends: () => waitFor('The end of the stream', () => stream.end === 'ended', waitOptions),
    pause: () => response.pause(),
    close: destroy,
  };
  response.setEncoding('utf8');
  response.on('data', (part: string) => {
    if (!response.headers['content-type']?.startsWith('text/event-stream')) stream.text += part;
    const blocks = (rest + part).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) take(block, stream, keep);
  });
  response.on('error', () => undefined);
  response.on('close', () => {
    stream.end = response.complete ? 'ended' : 'cut';
  });
  return stream;
}

function take(block: string, stream: EventStream, keep: NonNullable<Follow['keep']>): void {
  if (block === ':') stream.heartbeats += 1;
  const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
  const data = fields.get('data');
  if (data === undefined) return;
  stream.events.push({ id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: keep(JSON.parse(data)) });
}
