import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { OrderCloudEvent } from '../../domain/order/cloud-event.ts';
import { waitFor } from '../../stack/wait.ts';
import type { Shop } from '../shop.ts';

/** One event as it came over the wire. */
export interface Received {
  id: string;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: snapshots and events
  data: any;
}

export interface EventStream {
  status: number;
  headers: IncomingMessage['headers'];
  /** What has come so far. */
  events: Received[];
  /** How many comments have. */
  heartbeats: number;
  /** How it ended: in order, or cut. */
  end: 'open' | 'ended' | 'cut';
  /** The body of an answer that is no stream. */
  text: string;
  /** The ids of the CloudEvents, without the snapshot. */
  ids(): string[];
  /** Waits until so many events have come, the snapshot among them. */
  receives(count: number): Promise<Received[]>;
  ends(): Promise<void>;
  /** Reads no more, as a client that hangs does. */
  pause(): void;
  close(): void;
}

export interface Follow {
  as?: string;
  headers?: Record<string, string>;
  after?: string | undefined;
}

/** How long anything that must come may take. */
const PATIENCE = { deadline: 20_000, every: 20 };

/** Opens an event stream; with what the reader has already, as `Last-Event-ID`. */
export function follow(
  shop: Pick<Shop, 'url'>,
  path: string,
  { as, headers, after }: Follow = {},
): Promise<EventStream> {
  const { hostname, port } = new URL(shop.url);
  const sent = {
    ...(as && { authorization: `Bearer ${as}` }),
    ...(after !== undefined && { 'last-event-id': after }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    // A connection of its own, which nobody else waits for.
    const request = httpRequest({ hostname, port, path, headers: sent, agent: false }, (response) => {
      resolve(read(response, () => request.destroy()));
    });
    request.on('error', reject);
    request.end();
  });
}

function read(response: IncomingMessage, destroy: () => void): EventStream {
  let rest = '';
  const stream: EventStream = {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events: [],
    heartbeats: 0,
    end: 'open',
    text: '',
    ids: () =>
      stream.events.filter(({ event }) => event !== 'snapshot').map(({ data }) => (data as OrderCloudEvent).id),
    async receives(count) {
      await waitFor(`Event ${count}`, () => stream.events.length >= count, PATIENCE);
      return stream.events;
    },
    ends: () => waitFor('The end of the stream', () => stream.end === 'ended', PATIENCE),
    pause: () => response.pause(),
    close: destroy,
  };
  response.setEncoding('utf8');
  response.on('data', (part: string) => {
    if (!response.headers['content-type']?.startsWith('text/event-stream')) stream.text += part;
    const blocks = (rest + part).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) take(block, stream);
  });
  response.on('error', () => undefined);
  response.on('close', () => {
    stream.end = response.complete ? 'ended' : 'cut';
  });
  return stream;
}

function take(block: string, stream: EventStream): void {
  if (block === ':') stream.heartbeats += 1;
  const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
  const data = fields.get('data');
  if (data === undefined) return;
  stream.events.push({ id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: JSON.parse(data) });
}
