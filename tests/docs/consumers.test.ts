import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';

// The consumers of docs/events.md, as people copy them.

const root = join(import.meta.dirname, '../..');
const blocks = [
  ...readFileSync(join(root, 'docs/events.md'), 'utf8').matchAll(/```\w+\n(?:\/\/|#) (\S+)\n([\s\S]*?)```/g),
];
const codeOf = (name: string): string => blocks.find(([, file]) => file === name)![2]!;
const patience = { deadline: 20_000, every: 50 };

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** Runs a consumer; what it has written so far. */
function consume(command: string, ...args: string[]): { output: string } {
  const env = { ...process.env, NODE_OPTIONS: '', SHOP: shop.url, TOKEN: shop.manager };
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const consumer = { output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      consumer.output += text;
    });
  }
  return consumer;
}

const says = (consumer: { output: string }, words: string) =>
  waitFor(
    `"${words}" in ${JSON.stringify(consumer.output.slice(-500))}`,
    () => consumer.output.includes(words),
    patience,
  );

const timesOf = (text: string, words: string) => text.split(words).length - 1;

test('When somebody copies a consumer of the API, then it follows the shop, also over the death of the API', async () => {
  const consumers = [
    consume(process.execPath, '--input-type=module', '--eval', codeOf('follow.mjs')),
    consume('python3', '-c', codeOf('follow.py')),
  ];
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

test('When somebody copies the consumer of the Redis stream, then one of the group gets each event', async () => {
  const code = codeOf('share.mjs');
  const group = [1, 2].map(() => consume(process.execPath, '--input-type=module', '--eval', code));
  const got = (words: string) => group.reduce((sum, { output }) => sum + timesOf(output, words), 0);
  // The group begins with what comes once it is there.
  await waitFor(
    'The group',
    async () => {
      await shop.place();
      return got('specversion') > 0;
    },
    patience,
  );
  const { id } = (await shop.place()).body;
  for (const next of ['preparation', 'ready'] as const) await shop.move(id, next);
  await waitFor('The last event', () => got(`${id}:3`) > 0, patience);
  for (const version of [1, 2, 3]) expect(got(`${id}:${version}`)).toBe(1);
}, 60_000);
