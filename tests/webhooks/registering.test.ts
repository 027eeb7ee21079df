import { randomUUID } from 'node:crypto';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { webhooksOf } from './manager.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop?.close());

const manager = webhooksOf(() => shop);
const URL_OF_OURS = 'http://127.0.0.1:9999/hooks?key=1';
const everything = [
  'order.placed',
  'order.edited',
  'order.status_changed',
  'order.cancelled',
  'order.delayed',
  'order.uncollected',
];

describe('When a manager registers a webhook', () => {
  test('then it can be read where the answer says, and its secret never again', async () => {
    const { status, headers, body } = await manager.ask('POST', '', {
      url: URL_OF_OURS,
      description: 'The kitchen ☕',
      events: ['order.cancelled', 'order.placed'],
    });

    expect(status).toBe(201);
    const { secret, ...rest } = body;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(rest).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      url: URL_OF_OURS,
      description: 'The kitchen ☕',
      events: ['order.cancelled', 'order.placed'],
      enabled: true,
      disabled: null,
      failingSince: null,
      version: 1,
      createdAt: expect.any(String),
      updatedAt: body.createdAt,
    });
    expect(headers.get('etag')).toBe('"1"');
    expect(headers.get('location')).toBe(`/v1/webhooks/${body.id}`);
    const read = await manager.ask('GET', `/${body.id}`);
    expect([read.body, read.headers.get('etag')]).toEqual([rest, '"1"']);
    expect((await manager.ask('GET')).body.data).toContainEqual(rest);
  });

  test('then an address is enough, and it hears of everything; it may wait for its start', async () => {
    const { id } = await manager.register(URL_OF_OURS, { enabled: false });
    expect(await manager.read(id)).toMatchObject({
      description: '',
      events: everything,
      enabled: false,
      disabled: { reason: 'manager', at: expect.any(String) },
    });
    for (const path of ['test', `deliveries/${randomUUID()}/redeliver`]) {
      expectProblem(await manager.ask('POST', `/${id}/${path}`), 'webhook_disabled');
    }
  });

  test('then all are listed, page by page, the oldest first', async () => {
    for (let index = 0; index < 3; index += 1) await manager.register(URL_OF_OURS);
    const all = (await manager.ask('GET', '?limit=100')).body;
    expect(all.nextCursor).toBeNull();
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await manager.ask('GET', `?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(body.data.length).toBeLessThanOrEqual(2);
      ids.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    }
    expect(ids).toEqual(all.data.map(({ id }: { id: string }) => id));
    expect(all.data.map(({ createdAt }: { createdAt: string }) => createdAt)).toEqual(
      all.data.map(({ createdAt }: { createdAt: string }) => createdAt).toSorted(),
    );
    expectFaults(await manager.ask('GET', '?cursor=W10'), ['?cursor']);
    // Postgres has no such year.
    const long = Buffer.from(JSON.stringify(['0000-01-01T00:00:00Z', randomUUID()])).toString('base64url');
    expect((await manager.ask('GET', `?cursor=${long}`)).status).toBe(200);
  });
});

describe('When a manager changes a webhook', () => {
  test.each<[string, object]>([
    ['address', { url: 'http://127.0.0.1:9998/' }],
    ['description', { description: 'Another' }],
    ['events', { events: ['order.placed'] }],
  ])('then its %s is new, the rest stays, and the version goes up', async (_, change) => {
    const { id } = await manager.register(URL_OF_OURS);
    const before = await manager.read(id);

    const { status, headers, body } = await manager.ask('PATCH', `/${id}`, change, { 'if-match': '"1"' });

    expect([status, headers.get('etag')]).toEqual([200, '"2"']);
    expect(body).toEqual({ ...before, ...change, version: 2, updatedAt: expect.any(String) });
    expect(await manager.read(id)).toEqual(body);
    expectProblem(await manager.ask('PATCH', `/${id}`, { enabled: false }, { 'if-match': '"1"' }), 'version_mismatch', {
      version: 2,
    });
  });

  test('then a change that makes no difference is none', async () => {
    const { id } = await manager.register(URL_OF_OURS);
    const same = { url: URL_OF_OURS, description: '', events: everything.toReversed(), enabled: true };
    expect((await manager.ask('PATCH', `/${id}`, same)).body).toMatchObject({ version: 1, events: everything });
  });

  test('then it can be disabled and enabled, and begins anew', async () => {
    const { id } = await manager.register(URL_OF_OURS);
    await shop.database('webhooks').where({ id }).update({ failing_since: new Date() });
    const off = await manager.ask('PATCH', `/${id}`, { enabled: false });
    expect(off.body).toMatchObject({ enabled: false, disabled: { reason: 'manager' }, failingSince: null });
    expect((await manager.ask('PATCH', `/${id}`, { enabled: true })).body).toMatchObject({
      disabled: null,
      version: 3,
    });
  });

  test('then it is gone once it is deleted', async () => {
    const { id } = await manager.register(URL_OF_OURS);
    expectProblem(await manager.ask('DELETE', `/${id}`, undefined, { 'if-match': '"7"' }), 'version_mismatch', {
      version: 1,
    });
    expect(await manager.ask('DELETE', `/${id}`)).toMatchObject({ status: 204, body: '' });
    for (const answer of [
      await manager.ask('GET', `/${id}`),
      await manager.ask('PATCH', `/${id}`, { enabled: true }),
      await manager.ask('DELETE', `/${id}`),
      await manager.ask('POST', `/${id}/rotate`),
      await manager.ask('POST', `/${id}/test`),
      await manager.ask('GET', `/${id}/deliveries`),
      await manager.ask('POST', `/${id}/redeliver`, { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }),
    ]) {
      expectProblem(answer, 'not_found');
    }
  });
});

describe('When a webhook makes no sense', () => {
  const faulty: [string, object, string[]][] = [
    ['no address', { url: '' }, ['#/url']],
    ['an address without a scheme', { url: 'kitchen.example' }, ['#/url']],
    ['a file', { url: 'file:///etc/passwd' }, ['#/url']],
    ['a long address', { url: `https://kitchen.example/${'x'.repeat(2_000)}` }, ['#/url']],
    ['a user', { url: 'https://crema:secret@kitchen.example/' }, ['#/url']],
    ['a mail server’s port', { url: 'https://kitchen.example:25/' }, ['#/url']],
    ['a private address', { url: 'https://10.0.0.1/' }, ['#/url']],
    ['the cloud’s own address', { url: 'http://169.254.169.254/latest/meta-data' }, ['#/url']],
    ['a private address in IPv6', { url: 'https://[::ffff:10.0.0.1]/' }, ['#/url']],
    ['a description with NUL', { description: '\0' }, ['#/description']],
    ['a long description', { description: 'x'.repeat(501) }, ['#/description']],
    ['no events', { events: [] }, ['#/events']],
    ['the same event twice', { events: ['order.placed', 'order.placed'] }, ['#/events']],
    ['other events', { events: ['order.eaten'] }, ['#/events/0']],
    ['a secret of one’s own', { secret: 'whsec_MTIz' }, ['#/secret']],
    ['another state', { disabled: null }, ['#/disabled']],
  ];

  test.each(faulty)('then %s is refused, and nothing is made or changed', async (_, fields, faults) => {
    const { id } = await manager.register(URL_OF_OURS);
    const before = await shop.database('webhooks').orderBy('id');

    expectFaults(await manager.ask('POST', '', { url: URL_OF_OURS, ...fields }), faults);
    expectFaults(await manager.ask('PATCH', `/${id}`, { enabled: false, ...fields }), faults);

    expect(await shop.database('webhooks').orderBy('id')).toEqual(before);
    await manager.ask('DELETE', `/${id}`);
  });

  test.each([
    ['it ends before it begins', { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }, ['#/to']],
    ['it is no time', { from: 'yesterday', to: '2026-01-01' }, ['#/from', '#/to']],
  ])('then a time to deliver again is refused when %s', async (_, body, faults) => {
    expectFaults(await manager.ask('POST', `/${randomUUID()}/redeliver`, body), faults);
  });

  test('then a time with too many events is refused, and none of them is delivered', async () => {
    const { id } = await manager.register(URL_OF_OURS);
    const order = (await shop.place()).body.id;
    const many = `INSERT INTO order_events (id, order_id, version, position, at, event, snapshot)
      SELECT id || '-' || n, order_id, version, nextval('order_positions'), '2020-01-01T12:00:00Z', event, snapshot
      FROM order_events, generate_series(1, 1001) n WHERE id = ?`;
    await shop.database.raw(many, [`${order}:1`]);
    const from = '2020-01-01T12:00:00Z';
    const before = await shop.database('webhook_deliveries').count();

    expectFaults(await manager.ask('POST', `/${id}/redeliver`, { from, to: '2020-01-01T12:00:01Z' }), ['#/to']);

    expect(await shop.database('webhook_deliveries').count()).toEqual(before);
    expect(
      (await manager.ask('POST', `/${id}/redeliver`, { from: '2020-01-01T12:00:00+01:00', to: from })).body.count,
    ).toBe(0);
  });
});

test('When a shop has as many webhooks as it can have, then of several who want the last one gets it', async () => {
  await shop.database('webhooks').delete();
  const rows = Array.from({ length: 49 }, () => ({
    id: randomUUID(),
    url: URL_OF_OURS,
    description: '',
    events: ['order.placed'],
    since: 0,
    secret: Buffer.of(),
    version: 1,
    created_at: new Date(),
    updated_at: new Date(),
  }));
  await shop.database('webhooks').insert(rows);

  const answers = await Promise.all(Array.from({ length: 4 }, () => manager.ask('POST', '', { url: URL_OF_OURS })));

  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
  expectProblem(answers.find(({ status }) => status === 409)!, 'too_many_webhooks');
});

test('When deliveries are many, then they are listed page by page, the newest first', async () => {
  await shop.database('webhooks').delete();
  const { id } = await manager.register(URL_OF_OURS);
  const asked: string[] = [];
  for (let index = 0; index < 5; index += 1) asked.unshift((await manager.ask('POST', `/${id}/test`)).body.id);

  const listed: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await manager.ask('GET', `/${id}/deliveries?limit=2${cursor && `&cursor=${cursor}`}`);
    listed.push(...body.data.map((each: { id: string }) => each.id));
    cursor = body.nextCursor;
  }

  expect(listed).toEqual(asked);
  expect((await manager.ask('GET', `/${id}/deliveries?outcome=given_up`)).body).toEqual({ data: [], nextCursor: null });
});
