import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hashPassword } from '../../api/auth/password-hash.ts';
import { leasePorts } from '../../stack/ports.ts';
import { waitFor } from '../../stack/wait.ts';
import { submitOnce } from '../accounts/mailbox.ts';
import { smtpError } from '../email/mail-servers.ts';
import { openShop, type Shop } from '../shop.ts';
import { type Receiver, startReceiver } from '../webhooks/receiver.ts';
import { monitorRedis, type RedisMonitor } from './redis-monitor.ts';
import { temporalRecords, textsIn } from './temporal-records.ts';

// Uses secrets in every feature that handles them, then searches for them in all stored and sent data. Payloads are
// not encrypted here: encryption would hide a leak in Temporal.

const planted = {
  password: `pw-${randomUUID()}`,
  wrongPassword: `no-${randomUUID()}`,
  email: `zoe.${randomUUID()}@canary.example`,
  name: `Zoë ${randomUUID()}`,
  // Texts that people write may be in orders, but not in logs.
  note: `note-${randomUUID()}`,
  lineNote: `line-note-${randomUUID()}`,
  // The name of a guest at the counter, who has no account.
  guest: `Gösta ${randomUUID()}`,
  key: `key-${randomUUID()}`,
  accessToken: '',
  refreshToken: '',
  ticket: '',
  misusedTicket: '',
};

let shop: Shop;
let redis: RedisMonitor;
let endpoint: Receiver;
let refusals = 0;
beforeAll(async () => {
  const [metricsPort] = await leasePorts(1);
  endpoint = await startReceiver();
  redis = await monitorRedis(process.env.REDIS_URL as string);
  shop = await openShop({
    environment: { LOG_LEVEL: 'trace', TEMPORAL_METRICS_PORT: String(metricsPort) },
    smtp: {
      // Mail servers quote the address that they reject: first temporarily, then permanently.
      onRcptTo({ address }, _session, done) {
        const whom = `${planted.name} <${address}>`;
        const answers = [smtpError(451, `${whom}: come back later`), smtpError(550, `${whom}: nobody here`)];
        done(address === planted.email ? answers[refusals++] : null);
      },
    },
  });
}, 60_000);
afterAll(async () => {
  redis?.close();
  await endpoint?.close();
  await shop?.close();
}, 60_000);

test('secrets and personal data are only in the places that need them', async () => {
  await liveThroughAll();
  await serveGuest();

  const places = await everywhere();
  const found = Object.entries(planted).map(([what, secret]): [string, string[]] => [
    what,
    Object.keys(places).filter((place) => holds(places[place]!, secret)),
  ]);

  expect(Object.fromEntries(found)).toEqual({
    password: [],
    wrongPassword: [],
    accessToken: [],
    refreshToken: [],
    ticket: [],
    misusedTicket: [],
    key: [],
    email: ['mail', 'table users'],
    name: ['mail', 'table users'],
    guest: ['mail', 'table customer_names'],
    note: ['mail', 'redis', 'table order_events', 'table orders', 'temporal'],
    lineNote: ['mail', 'redis', 'table order_events', 'table orders', 'temporal'],
  });
  // Checks that the search covers real data.
  expect(places['api /metrics']).toContain('route="/v1/users/{id}/promote",status="400"');
  expect(places.webhooks).toContain('"channel":"counter"');
  expect(places['worker /metrics']).toMatch(/crema_emails_total\{outcome="refused"\}.*temporal_activity/s);
}, 60_000);

/** Returns the contents of tables, Temporal, Redis, logs, mail and public HTTP endpoints, by name. */
async function everywhere(): Promise<Record<string, string>> {
  const { database, api, worker } = shop;
  const tables: string[] = await database('pg_tables')
    .where({ schemaname: 'public' })
    .orderBy('tablename')
    .pluck('tablename');
  const rows = tables.map(async (table): Promise<[string, string]> => {
    const { rows: found } = await database.raw('SELECT ??::text AS row FROM ??', [table, table]);
    return [`table ${table}`, textsIn(found)];
  });
  const pages = [api, worker!].flatMap(({ name, url }) =>
    ['/metrics', '/health/ready'].map(async (path): Promise<[string, string]> => {
      const answer = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(20_000) });
      return [`${name} ${path}`, await answer.text()];
    }),
  );
  return Object.fromEntries(
    [
      ...(await Promise.all([...rows, ...pages])),
      ['log of api', readFileSync(api.log, 'utf8')] as const,
      ['log of worker', readFileSync(worker!.log, 'utf8')] as const,
      ['mail', shop.smtp.arrivals.map(({ to, mail }) => `${to} ${textsIn(mail.to)} ${mail.text}`).join('\n')] as const,
      ['redis', redis.text()] as const,
      ['temporal', await temporalRecords(shop)] as const,
      ['webhooks', endpoint.received.map(({ headers, body }) => `${textsIn(headers)} ${body}`).join('\n')] as const,
    ].toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/** Returns whether a text contains a secret: plain, URL-encoded, in base64 or as bytes of Postgres. */
function holds(text: string, secret: string): boolean {
  const bytes = Buffer.from(secret);
  // The base64 of the secret depends on its offset modulo 3. Characters at its ends may differ.
  const inBase64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  const ways = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    ...inBase64,
  ];
  return secret !== '' && ways.some((way) => text.includes(way));
}

async function liveThroughAll(): Promise<void> {
  const { email, name, password, wrongPassword, note, key } = planted;
  const id = randomUUID();
  const password_hash = await hashPassword(password);
  await shop.database('users').insert({ id, email, name, password_hash, role: 'customer' });

  // Sign-in: successful, failed and malformed.
  const { body: tokens } = await ask({ grant_type: 'password', client_id: 'crema', username: email, password });
  Object.assign(planted, { accessToken: tokens.access_token, refreshToken: tokens.refresh_token });
  const as: string = tokens.access_token;
  const wrongWays: Record<string, string>[] = [
    { grant_type: 'password', client_id: 'crema', username: email, password: wrongPassword },
    { grant_type: 'password', client_id: 'crema', username: `no-${email}`, password },
    { grant_type: 'password', client_id: email, username: email, password },
    { grant_type: password, client_id: 'crema', username: email, password },
    { grant_type: 'password', client_id: 'crema', username: email, password, scope: password },
    { grant_type: 'refresh_token', client_id: 'crema', refresh_token: as },
  ];
  for (const form of wrongWays) expect([400, 401]).toContain((await ask(form)).status);
  const basic = Buffer.from(`${email}:${password}`).toString('base64');
  for (const authorization of [`Basic ${basic}`, `Bearer ${as}x`, `Bearer ${tokens.refresh_token}`, `Token ${as}`]) {
    expect((await shop.request('GET', '/v1/me', { headers: { authorization } })).status).toBe(401);
  }
  expect((await shop.request('GET', '/v1/me', { as })).body).toMatchObject({ email, name });

  // Secrets in wrong fields.
  const misplaced = { email, name, password, access_token: as, refresh_token: tokens.refresh_token };
  const bodies = [misplaced, JSON.stringify(misplaced).slice(1), { lines: [misplaced], note: password.repeat(20) }];
  for (const body of bodies) expect((await shop.request('POST', '/v1/orders', { as, body })).status).toBe(400);
  const query = new URLSearchParams(misplaced);
  expect((await shop.request('GET', `/v1/orders?${query}`, { as })).status).toBe(400);
  const promoting = { as: shop.manager };
  expect((await shop.request('POST', `/v1/users/${email}/promote`, promoting)).status).toBe(400);
  for (const path of [`/${email}`, `/docs/${as}`]) expect((await shop.request('GET', path)).status).toBe(404);

  // An order whose emails are deferred and then rejected.
  const placing = {
    as,
    body: { lines: [{ ...(await shop.line('Latte', 'Vanilla')), note: planted.lineNote }], note },
    headers: { 'idempotency-key': key },
  };
  const { body: order } = await shop.requestUntilKnown('POST', '/v1/orders', placing);
  await waitFor('two refused mails', () => refusals >= 2, { deadline: 20_000 });
  expect((await shop.request('POST', '/v1/orders', placing)).headers.get('idempotency-replayed')).toBe('true');
  expect((await shop.move(order.id, 'preparation')).status).toBe(200);
  expect((await shop.requestUntilKnown('POST', `/v1/orders/${order.id}/cancel`, { as, body: {} })).status).toBe(200);
  await shop.waitForEnd(order.id);

  // Its event stream, opened with valid and invalid tickets.
  const buy = async (): Promise<string> =>
    (await shop.request('POST', '/v1/stream-tickets', { as, body: { orderId: order.id } })).body.ticket;
  const stream = `/v1/orders/${order.id}/events`;
  planted.ticket = await buy();
  expect((await shop.request('GET', `/v1/orders/events?ticket=${planted.ticket}`)).status).toBe(401);
  expect((await shop.request('GET', `${stream}?ticket=${planted.ticket}`)).status).toBe(200);
  planted.misusedTicket = await buy();
  const twice = `ticket=${planted.misusedTicket}&after=${planted.misusedTicket}`;
  expect((await shop.request('GET', `${stream}?${twice}`)).status).toBe(400);
  expect((await shop.request('GET', '/v1/me', { as: planted.ticket })).status).toBe(401);

  const refused = await shop.database('deliveries').where({ order_id: order.id, outcome: 'refused' }).pluck('detail');
  expect(refused).toEqual(['The mail server refused it: 550 to RCPT TO']);

  // An error of Postgres that quotes the values of the row.
  await withoutTable('users', async () => {
    expect((await ask({ grant_type: 'password', client_id: 'crema', username: email, password })).status).toBe(500);
  });
  await shop.database.raw(`CREATE UNIQUE INDEX one_note ON orders ((snapshot->>'note'))`);
  const { body: second } = await shop.request('POST', '/v1/orders', { ...placing, headers: {} });
  const stumbled = () => [shop.api, shop.worker!].every(({ log }) => readFileSync(log, 'utf8').includes('one_note'));
  await waitFor('both processes to stumble', stumbled, { deadline: 10_000 });
  await shop.database.raw('DROP INDEX one_note');
  await shop.waitForStatus(second.id, 'waiting');
  const recorded = async () => (await shop.database('orders').where({ id: second.id }).first('id')) !== undefined;
  await waitFor('the record of the second order', recorded, { deadline: 20_000 });

  // Refresh and sign-out.
  const { body: next } = await ask({
    grant_type: 'refresh_token',
    client_id: 'crema',
    refresh_token: tokens.refresh_token,
  });
  expect(next.refresh_token).toMatch(/./);
  expect(
    (await ask({ grant_type: 'refresh_token', client_id: 'crema', refresh_token: tokens.refresh_token })).status,
  ).toBe(400);
}

/** Places orders at the counter with a name, successful and refused ones. */
async function serveGuest(): Promise<void> {
  const as = shop.barista;
  const webhook = { url: endpoint.url, events: ['order.placed', 'order.edited', 'order.cancelled'] };
  expect((await shop.request('POST', '/v1/webhooks', { as: shop.manager, body: webhook })).status).toBe(201);
  const body = { lines: [await shop.line('Tea')], customerName: planted.guest };
  const headers = { 'idempotency-key': randomUUID() };
  expect((await shop.request('POST', '/v1/orders', { as: shop.customer, body })).status).toBe(403);
  const long = { ...body, customerName: planted.guest.repeat(9) };
  expect((await shop.request('POST', '/v1/orders', { as, body: long })).status).toBe(400);
  const { body: order } = await shop.place({ as, body, headers });
  expect(order.customer.name).toBe(planted.guest);
  expect((await shop.place({ as, body, headers })).headers.get('idempotency-replayed')).toBe('true');
  const other = { ...body, note: 'Hot' };
  expect((await shop.place({ as, body: other, headers })).status).toBe(422);
  // An error of Postgres that quotes the values of the row.
  await shop.database.raw('ALTER TABLE customer_names ADD CONSTRAINT no_more CHECK (false) NOT VALID');
  expect((await shop.request('POST', '/v1/orders', { as, body })).status).toBe(500);
  const logged = () => readFileSync(shop.api.log, 'utf8').includes('no_more');
  await waitFor('the log line of the error', logged, { deadline: 10_000 });
  await shop.database.raw('ALTER TABLE customer_names DROP CONSTRAINT no_more');
  const change = (method: string, path: string, change: object) =>
    shop.requestUntilKnown(method, `/v1/orders/${order.id}${path}`, { as, body: change });
  expect((await change('PATCH', '', { note: 'Hot' })).status).toBe(200);
  expect((await change('POST', '/cancel', {})).status).toBe(200);
  await endpoint.waitForRequests(3);
  await shop.waitForEnd(order.id);
}

/** Posts a form to the token endpoint. */
const ask = (form: Record<string, string>) => submitOnce(shop, '/oauth/token', form);

async function withoutTable(table: string, work: () => Promise<void>): Promise<void> {
  await shop.database.raw('ALTER TABLE ?? RENAME TO ??', [table, `${table}_away`]);
  await work().finally(() => shop.database.raw('ALTER TABLE ?? RENAME TO ??', [`${table}_away`, table]));
}
