import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { waitFor } from '../../stack/wait.ts';
import { startOwn } from '../faults/own-services.ts';
import { openShop, type Shop } from '../shop.ts';

// The example consumers of docs/events.md.

const root = join(import.meta.dirname, '../..');
const blocks = [
  ...readFileSync(join(root, 'docs/events.md'), 'utf8').matchAll(/```\w+\n(?:\/\/|#) (\S+)\n([\s\S]*?)```/g),
];
const codeOf = (name: string): string => blocks.find(([, file]) => file === name)![2]!;
const waitOptions = { deadline: 20_000, every: 50 };

// A test deletes the stream of all orders and closes all connections, so these consumers have a Redis of their own.
let own: Awaited<ReturnType<typeof startOwn<'redis'>>>;
let shop: Shop;
beforeAll(async () => {
  own = await startOwn('redis');
  shop = await openShop({ environment: own.environment });
}, 90_000);
afterAll(async () => {
  await shop?.close();
  await own?.stop();
}, 60_000);

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

interface Consumer {
  output: string;
  hasExited(): boolean;
}

/** Runs a consumer of docs/events.md. Returns its output so far. */
function consume(file: string, environment: NodeJS.ProcessEnv = {}): Consumer {
  const [command, ...args] = file.endsWith('.py')
    ? ['python3', '-c', codeOf(file)]
    : [process.execPath, '--input-type=module', '--eval', codeOf(file)];
  const settings = { NODE_OPTIONS: '', SHOP: shop.url, TOKEN: shop.manager };
  const env = { ...process.env, ...own.environment, ...settings, ...environment };
  const child = spawn(command!, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const consumer = { output: '', hasExited: () => child.exitCode !== null };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      consumer.output += text;
    });
  }
  return consumer;
}

const says = (consumer: { output: string }, words: string, options = waitOptions) =>
  waitFor(
    `"${words}" in ${JSON.stringify(consumer.output.slice(-500))}`,
    () => consumer.output.includes(words),
    options,
  );

const timesOf = (text: string, words: string) => text.split(words).length - 1;

const FOLLOWERS = ['follow.mjs', 'follow.py'];

test('the consumers of the API receive events, also after the API crashes and restarts', async () => {
  const consumers = FOLLOWERS.map((file) => consume(file));
  const allSay = (words: string) => Promise.all(consumers.map((consumer) => says(consumer, words)));
  await allSay('snapshot');
  const note = 'For Ana\u2028no sugar';
  const { id } = (await shop.place({ body: { lines: [await shop.line('Tea')], note } })).body;
  await allSay(`${id}:1`);
  await shop.api.kill();
  await shop.api.start();
  for (const next of ['preparation', 'ready'] as const) expect((await shop.move(id, next)).status).toBe(200);
  await allSay(`${id}:3`);
  for (const { output } of consumers) {
    expect(['snapshot', `${id}:1`, `${id}:2`, `${id}:3`].map((words) => timesOf(output, words))).toEqual([1, 1, 1, 1]);
  }
}, 60_000);

/** Sends the next text to each request for the stream and closes it. The last text is repeated. */
async function serveStreams(streams: (string | Buffer)[]) {
  const lastEventIds: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const stream = Buffer.from(streams[Math.min(lastEventIds.length, streams.length - 1)]!);
    lastEventIds.push(request.headers['last-event-id'] as string | undefined);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    // Sends each byte separately, as a stream may be split anywhere.
    void (async () => {
      for (const byte of stream) await new Promise((sent) => response.write(Buffer.of(byte), sent));
      // Omits the last chunk, as a proxy does if the server is lost.
      response.socket?.end();
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lastEventIds, server };
}

function stop(server: Server): void {
  server.close();
  server.closeAllConnections();
}

const EVENT = ': a comment\nid: 1\nevent: order.placed\ndata: {"note":\ndata:"Zoë"}\n\n';
const bytes = Buffer.from(EVENT);

test.each(FOLLOWERS)(
  '%s receives an event once if the stream breaks anywhere in it',
  async (file) => {
    const inside = ['ment', '1\n', 'order', ' {"no', '"}', '\n\n'].map((text) => bytes.indexOf(text));
    // Breaks also inside a character, and before the empty line.
    const breaks = [...inside, bytes.indexOf('ë') + 1, bytes.length - 1];
    const { url, lastEventIds, server } = await serveStreams([
      ...breaks.map((length) => bytes.subarray(0, length)),
      bytes,
      'id: 2\nevent: the end\ndata: 2\n\n',
    ]);
    const consumer = consume(file, { SHOP: url });
    // The consumer pauses for a second after each break.
    await says(consumer, 'the end', { ...waitOptions, deadline: 50_000 }).finally(() => stop(server));
    expect([timesOf(consumer.output, 'order.placed'), timesOf(consumer.output, 'Zoë')]).toEqual([1, 1]);
    expect(lastEventIds.slice(0, breaks.length + 2)).toEqual([...breaks.map(() => undefined), undefined, '1']);
    expect(consumer.hasExited()).toBe(false);
  },
  70_000,
);

test.each(FOLLOWERS.flatMap((file) => ['\n', '\r\n', '\r'].map((end) => [file, end] as const)))(
  '%s reads all line endings of the HTML standard: %j',
  async (file, end) => {
    const stream = `\ufeff${EVENT}retry: 500\n\nid:2\n\nevent\ndata:  3\nunknown: field\n:\n\ndata: [4,\ndata\ndata: 5]\nevent:last\n\n`;
    // The next character shows that the CR before it is a line ending.
    const { url, lastEventIds, server } = await serveStreams([`${stream}:`.replaceAll('\n', end)]);
    const consumer = consume(file, { SHOP: url });
    await waitFor('The next connection', () => lastEventIds.length > 1, waitOptions).finally(() => stop(server));
    expect(lastEventIds.slice(0, 2)).toEqual([undefined, '2']);
    // The languages differ in quotation marks and spaces.
    expect(consumer.output.replaceAll(/[\s'"]/g, '')).toMatch(/^order.placed{note:Zoë}3last\[4,5]/);
  },
  60_000,
);

/** Starts two consumers of one group, and waits until both receive events. */
async function openGroup() {
  const group = [1, 2].map(() => consume('share.mjs'));
  const got = (words: string) => group.reduce((sum, { output }) => sum + timesOf(output, words), 0);
  // The group receives only events after its creation. Both consumers must join before a test disturbs them.
  await waitFor(
    'The group',
    async () => {
      await shop.place();
      return group.every(({ output }) => output.includes('specversion'));
    },
    waitOptions,
  );
  return { group, got };
}

test('each event of the Redis stream reaches one member of a consumer group', async () => {
  const { got } = await openGroup();
  const { id } = (await shop.place()).body;
  for (const next of ['preparation', 'ready'] as const) await shop.move(id, next);
  const counts = () => [1, 2, 3].map((version) => got(`${id}:${version}`));
  await waitFor('All events', () => counts().every((count) => count > 0), waitOptions);
  expect(counts()).toEqual([1, 1, 1]);
}, 60_000);

test('consumers of the Redis stream continue after Redis loses data or connections', async () => {
  const { group, got } = await openGroup();
  const redis = new Redis(own.redis.url);
  const losses = {
    stream: () => redis.del('orders:events'),
    group: () => redis.xgroup('DESTROY', 'orders:events', 'kitchen'),
    connections: () => redis.call('CLIENT', 'KILL', 'TYPE', 'normal'),
  };
  try {
    for (const [what, lose] of Object.entries(losses)) {
      await lose();
      const { id } = (await shop.place()).body;
      await waitFor(`The event after the loss of the ${what}`, () => got(`${id}:1`) > 0, waitOptions);
    }
  } finally {
    redis.disconnect();
  }
  expect(group.map((consumer) => consumer.hasExited())).toEqual([false, false]);
}, 120_000);
