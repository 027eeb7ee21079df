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
const ENDPOINT = 'http://127.0.0.1:9999/hooks?key=1';
const allEvents = [
  'order.placed',
  'order.edited',
  'order.status_changed',
  'order.cancelled',
  'order.delayed',
  'order.uncollected',
];

describe('registering a webhook', () => {
  test('returns its location, and its secret only once', async () => {
    const { status, headers, body } = await manager.ask('POST', '', {
      url: ENDPOINT,
      description: 'The kitchen ☕',
      events: ['order.cancelled', 'order.placed'],
    });

    expect(status).toBe(201);
    const { secret, ...rest } = body;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(rest).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      url: ENDPOINT,
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

  test('needs only a URL', async () => {
    const { id } = await manager.register(ENDPOINT);
    expect(await manager.read(id)).toMatchObject({ description: '', events: allEvents, enabled: true });
  });

  test('can leave it disabled, without tests and redeliveries', async () => {
    const { id } = await manager.register(ENDPOINT, { enabled: false });
    expect(await manager.read(id)).toMatchObject({
      description: '',
      events: allEvents,
      enabled: false,
      disabled: { reason: 'manager', at: expect.any(String) },
    });
    for (const path of ['test', `deliveries/${randomUUID()}/redeliver`]) {
      expectProblem(await manager.ask('POST', `/${id}/${path}`), 'webhook_disabled');
    }
  });

  test('adds it to the paginated list, which starts with the oldest', async () => {
    for (let index = 0; index < 3; index += 1) await manager.register(ENDPOINT);
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
    // Postgres cannot represent the year 0.
    const long = Buffer.from(JSON.stringify(['0000-01-01T00:00:00Z', randomUUID()])).toString('base64url');
    expect((await manager.ask('GET', `?cursor=${long}`)).status).toBe(200);
  });
});

describe('changing a webhook', () => {
  test.each<[string, object]>([
    ['URL', { url: 'http://127.0.0.1:9998/' }],
    ['description', { description: 'Another' }],
    ['events', { events: ['order.placed'] }],
  ])('changes its %s only and increments the version', async (_, change) => {
    const { id } = await manager.register(ENDPOINT);
    const before = await manager.read(id);

    const { status, headers, body } = await manager.ask('PATCH', `/${id}`, change, { 'if-match': '"1"' });

    expect([status, headers.get('etag')]).toEqual([200, '"2"']);
    expect(body).toEqual({ ...before, ...change, version: 2, updatedAt: expect.any(String) });
    expect(await manager.read(id)).toEqual(body);
    expectProblem(await manager.ask('PATCH', `/${id}`, { enabled: false }, { 'if-match': '"1"' }), 'version_mismatch', {
      version: 2,
    });
  });

  test('keeps the version if the change makes no difference', async () => {
    const { id } = await manager.register(ENDPOINT);
    const same = { url: ENDPOINT, description: '', events: allEvents.toReversed(), enabled: true };
    expect((await manager.ask('PATCH', `/${id}`, same)).body).toMatchObject({ version: 1, events: allEvents });
  });

  test('disables it, enables it again and resets its failure', async () => {
    const { id } = await manager.register(ENDPOINT);
    await shop.database('webhooks').where({ id }).update({ failing_since: new Date() });
    const off = await manager.ask('PATCH', `/${id}`, { enabled: false });
    expect(off.body).toMatchObject({ enabled: false, disabled: { reason: 'manager' }, failingSince: null });
    expect((await manager.ask('PATCH', `/${id}`, { enabled: true })).body).toMatchObject({
      disabled: null,
      version: 3,
    });
  });

  test('deletes it', async () => {
    const { id } = await manager.register(ENDPOINT);
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

describe('an invalid webhook', () => {
  const faulty: [string, object, string[]][] = [
    ['an empty URL', { url: '' }, ['#/url']],
    ['a URL without a scheme', { url: 'kitchen.example' }, ['#/url']],
    ['a file URL', { url: 'file:///etc/passwd' }, ['#/url']],
    ['a long URL', { url: `https://kitchen.example/${'x'.repeat(2_000)}` }, ['#/url']],
    ['a URL with a user', { url: 'https://crema:secret@kitchen.example/' }, ['#/url']],
    ['the port of a mail server', { url: 'https://kitchen.example:25/' }, ['#/url']],
    ['a private address', { url: 'https://10.0.0.1/' }, ['#/url']],
    ['the metadata address of a cloud', { url: 'http://169.254.169.254/latest/meta-data' }, ['#/url']],
    ['a private address in IPv6', { url: 'https://[::ffff:10.0.0.1]/' }, ['#/url']],
    ['a description with NUL', { description: '\0' }, ['#/description']],
    ['a long description', { description: 'x'.repeat(501) }, ['#/description']],
    ['no events', { events: [] }, ['#/events']],
    ['the same event twice', { events: ['order.placed', 'order.placed'] }, ['#/events']],
    ['an unknown event', { events: ['order.eaten'] }, ['#/events/0']],
    ['a chosen secret', { secret: 'whsec_MTIz' }, ['#/secret']],
    ['a read-only field', { disabled: null }, ['#/disabled']],
  ];

  test.each(faulty)('is rejected: %s', async (_, fields, faults) => {
    const { id } = await manager.register(ENDPOINT);
    const before = await shop.database('webhooks').orderBy('id');

    expectFaults(await manager.ask('POST', '', { url: ENDPOINT, ...fields }), faults);
    expectFaults(await manager.ask('PATCH', `/${id}`, { enabled: false, ...fields }), faults);

    expect(await shop.database('webhooks').orderBy('id')).toEqual(before);
    await manager.ask('DELETE', `/${id}`);
  });
});

describe('the period of a redelivery', () => {
  test.each([
    ['it ends before it starts', { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }, ['#/to']],
    ['its times are invalid', { from: 'yesterday', to: '2026-01-01' }, ['#/from', '#/to']],
  ])('is rejected if %s', async (_, body, faults) => {
    expectFaults(await manager.ask('POST', `/${randomUUID()}/redeliver`, body), faults);
  });

  test('is rejected if it has too many events, and no event is redelivered', async () => {
    const { id } = await manager.register(ENDPOINT);
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

test('accepts only one of several concurrent registrations of the last possible webhook', async () => {
  await shop.database('webhooks').delete();
  const rows = Array.from({ length: 49 }, () => ({
    id: randomUUID(),
    url: ENDPOINT,
    description: '',
    events: ['order.placed'],
    since: 0,
    secret: Buffer.of(),
    version: 1,
    created_at: new Date(),
    updated_at: new Date(),
  }));
  await shop.database('webhooks').insert(rows);

  const answers = await Promise.all(Array.from({ length: 4 }, () => manager.ask('POST', '', { url: ENDPOINT })));

  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
  expectProblem(answers.find(({ status }) => status === 409)!, 'too_many_webhooks');
});

test('lists deliveries page by page, the newest first', async () => {
  await shop.database('webhooks').delete();
  const { id } = await manager.register(ENDPOINT);
  const requested: string[] = [];
  for (let index = 0; index < 5; index += 1) requested.unshift((await manager.ask('POST', `/${id}/test`)).body.id);

  const listed: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await manager.ask('GET', `/${id}/deliveries?limit=2${cursor && `&cursor=${cursor}`}`);
    listed.push(...body.data.map((each: { id: string }) => each.id));
    cursor = body.nextCursor;
  }

  expect(listed).toEqual(requested);
  expect((await manager.ask('GET', `/${id}/deliveries?outcome=given_up`)).body).toEqual({ data: [], nextCursor: null });
});
