import { get } from 'node:http';
import { Redis } from 'ioredis';
import { MAX_NOTE_LENGTH, MAX_REASON_LENGTH } from '../../domain/order/order.ts';
import { waitFor } from '../../stack/wait.ts';
import { expectFaults } from '../http/problem.ts';
import { type Answer, openShop, type Shop, type TimelineEntry } from '../shop.ts';
import { webhooksOf } from '../webhooks/manager.ts';
import { startReceiver, verified } from '../webhooks/receiver.ts';

let shop: Shop;
let redis: Redis;
beforeAll(async () => {
  redis = new Redis(process.env.REDIS_URL as string);
  shop = await openShop();
}, 60_000);
afterAll(async () => {
  redis?.disconnect();
  await shop?.close();
});

const ASYNC = { prefer: 'respond-async' };
const emoji = (count: number) => '🥐'.repeat(count);
const orderPath = (id: string) => `/v1/orders/${id}`;

interface Way {
  what: string;
  limit: number;
  send(id: string, text: string, headers?: Record<string, string>): Promise<Answer>;
  /** Returns the text from a timeline entry. */
  kept(entry: TimelineEntry): unknown;
}
const ways: Way[] = [
  {
    what: 'the note of an edit',
    limit: MAX_NOTE_LENGTH,
    send: (id, note, headers = {}) =>
      shop.requestUntilKnown('PATCH', orderPath(id), { as: shop.customer, body: { note }, headers }),
    kept: ({ changes }) => changes?.note?.to,
  },
  {
    what: 'the reason of a status',
    limit: MAX_REASON_LENGTH,
    send: (id, reason, headers = {}) =>
      shop.requestUntilKnown('POST', `${orderPath(id)}/status`, {
        as: shop.manager,
        body: { status: 'preparation', reason },
        headers,
      }),
    kept: ({ reason }) => reason,
  },
  {
    what: 'the reason of a cancellation',
    limit: MAX_REASON_LENGTH,
    send: (id, reason, headers = {}) =>
      shop.requestUntilKnown('POST', `${orderPath(id)}/cancel`, { as: shop.customer, body: { reason }, headers }),
    kept: ({ reason }) => reason,
  },
];

describe.each(ways)('$what at its maximum length', ({ limit, send, kept }) => {
  test('is accepted with any characters', async () => {
    const { id } = (await shop.place()).body;
    expect((await send(id, emoji(limit))).status).toBe(200);
    expectFaults(await send(id, emoji(limit + 1)), [expect.stringMatching(/^#\/(note|reason)$/)]);
  });

  test('is accepted with Prefer: respond-async', async () => {
    const { id } = (await shop.place()).body;
    expect((await send(id, emoji(limit), ASYNC)).status).toBe(202);
    const isApplied = async () => (await shop.timeline(id)).some((entry) => kept(entry) === emoji(limit));
    await waitFor('The change', isApplied, { deadline: 20_000 });
    expect((await shop.timeline(id)).map(({ kind }) => kind)).not.toContain('rejected');
  });

  test('is stored as empty if it has no visible characters', async () => {
    const { id } = (await shop.place()).body;
    expect((await send(id, '\u200b\u2060 \u3164')).status).toBe(200);
    expect(JSON.stringify(await shop.timeline(id))).not.toMatch(/[\u200b\u2060\u3164]/);
  });
});

test('limits the note of a new order to the same length', async () => {
  const lines = [await shop.line('Tea')];
  expect((await shop.place({ body: { lines, note: emoji(MAX_NOTE_LENGTH) } })).status).toBe(201);
  expectFaults(await shop.place({ body: { lines, note: emoji(MAX_NOTE_LENGTH + 1) } }), ['#/note']);
});

describe('a note with line separators', () => {
  const note = 'For Ana\u2028no sugar\u2029\nthanks';
  const separators = /[\u0085\u2028\u2029]/;

  /** Returns the first bytes of a stream, unparsed. */
  const streamed = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = get(`${shop.url}${path}`, { headers: { authorization: `Bearer ${shop.manager}` } }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (!text.includes('no sugar') || !text.endsWith('\n\n')) return;
          request.destroy();
          resolve(text);
        });
      });
      request.on('error', reject).setTimeout(20_000, () => request.destroy(new Error('The stream is silent.')));
    });

  test('is escaped in the export of personal data', async () => {
    const { id } = (await shop.place({ body: { lines: [await shop.line('Tea')], note } })).body;
    const answer = await fetch(`${shop.url}/v1/me/export`, { headers: { authorization: `Bearer ${shop.customer}` } });
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const text = await answer.text();
    expect(text).not.toMatch(separators);
    const { orders } = JSON.parse(text) as { orders: { order: { id: string; note: string } }[] };
    expect(orders.find(({ order }) => order.id === id)?.order.note).toBe(note);
  });

  test('arrives unchanged and on one line in every stream, channel and webhook', async () => {
    const receiver = await startReceiver();
    const { secret } = await webhooksOf(() => shop).register(receiver.url, { events: ['order.placed'] });
    const published: string[] = [];
    const subscriber = redis.duplicate();
    try {
      await subscriber.subscribe('orders');
      subscriber.on('message', (_, message) => published.push(message));
      const live = streamed('/v1/orders/events');
      const { id } = (await shop.place({ body: { lines: [await shop.line('Tea')], note } })).body;
      const about = (json: string) => json.includes(id);
      await waitFor('The message in Redis', () => published.some(about), { deadline: 20_000 });
      const [delivery] = await receiver.waitForRequests(1, ({ body }) => about(body));
      verified(delivery!, secret);
      const entries = await redis.xrevrange('orders:events', '+', '-', 'COUNT', 1_000);
      const frames = [await live, await streamed('/v1/orders/events'), await streamed(`${orderPath(id)}/events`)];
      const data = frames.flatMap((text) => text.match(/^data: .*no sugar.*$/gm) ?? []).map((line) => line.slice(6));
      const all = [
        ...data,
        published.find(about),
        delivery!.body,
        entries.map(([, [, json]]) => json).find((json) => about(json!)),
      ];
      expect(data).toHaveLength(3);
      for (const json of all) {
        expect(json).not.toMatch(separators);
        expect(JSON.stringify(JSON.parse(json as string))).toContain(JSON.stringify(note).slice(1, -1));
      }
    } finally {
      subscriber.disconnect();
      await receiver.close();
    }
  });

  test('is shown on one line in Temporal’s Web UI', async () => {
    const { id } = (await shop.place({ body: { lines: [await shop.line('Tea')], note } })).body;
    const { staticSummary, staticDetails } = await shop
      .workflow(id)
      .describe()
      .then(async (described) => ({
        staticSummary: await described.staticSummary(),
        staticDetails: await described.staticDetails(),
      }));
    expect(staticSummary).toMatch(/^#\d+ · 1 × Tea · \$3\.00$/);
    expect(staticDetails).toMatch(/^> For Ana no sugar thanks$/m);
  });
});
