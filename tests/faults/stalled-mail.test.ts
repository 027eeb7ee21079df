import { waitFor } from '../../stack/wait.ts';
import { changeStatusSignal } from '../../workflows/messages/definitions.ts';
import { startFaultySmtp } from '../email/faulty-smtp.ts';
import { followChannel } from '../published-events.ts';
import { openShop, type Shop } from '../shop.ts';
import { expectIntact, replayAll } from './aftermath.ts';

/** More orders than the worker makes first attempts at emails at the same time. */
const ORDERS = 30;

const waitOptions = { deadline: 20_000, every: 50 };

let server: Awaited<ReturnType<typeof startFaultySmtp>>;
let shop: Shop;
let published: Awaited<ReturnType<typeof followChannel>>;

beforeAll(async () => {
  server = await startFaultySmtp();
  shop = await openShop({ environment: { SMTP_URL: server.url, EMAIL_UNANSWERED_RETRY_AFTER: '1' } });
  published = await followChannel(shop.environment.REDIS_URL as string);
}, 60_000);
afterAll(async () => {
  published?.stop();
  await shop?.close();
  await server?.close();
}, 60_000);

const versionsOf = (id: string) =>
  published.ids.filter((event) => event.startsWith(id)).map((event) => event.split(':')[1]);

test('journals and publishes while the mail server does not answer whole emails', async () => {
  server.reactions.push(...Array(1_000).fill('stalls'));
  const orders: string[] = [];
  for (let order = 0; order < ORDERS; order += 1) orders.push((await shop.place()).body.id);
  await waitFor('The first email', () => server.received.length > 0, waitOptions);

  // The API does not journal signals. Only the workflow does.
  for (const status of ['preparation', 'ready'] as const) {
    await Promise.all(orders.map((id) => shop.workflow(id).signal(changeStatusSignal, { status })));
    await Promise.all(orders.map((id) => shop.waitForStatus(id, status)));
  }
  await waitFor('The messages', () => orders.every((id) => versionsOf(id).join() === '1,2,3'), waitOptions);

  const emailed = await shop.database('deliveries').where({ channel: 'email', outcome: 'sent' });
  expect(emailed).toEqual([]);
}, 90_000);

/** Returns the emails about an order that the mail server has confirmed. */
async function emailsAbout(orderId: string): Promise<{ eventId: string; to: string }[]> {
  const field = (raw: string, name: RegExp) => name.exec(raw)?.[1] ?? '';
  return server.confirmed
    .map((raw) => ({
      eventId: field(raw, /^X-Crema-Event-Id: (.*)\r$/im),
      to: field(raw, /^To: .*?([^\s<>]+@[^\s<>]+)>?\r$/im),
    }))
    .filter(({ eventId }) => eventId.startsWith(orderId));
}

test('sends each email once after the mail server has recovered', async () => {
  const orders: string[] = await shop.database('orders').pluck('id');
  expect(orders).toHaveLength(ORDERS);
  server.recover();

  for (const id of orders) expect(await expectIntact(shop, id, { emailsAbout })).toMatchObject({ status: 'ready' });

  expect(server.confirmed).toHaveLength(ORDERS * 4);
}, 90_000);

test('replays every history of this file', async () => {
  expect(await replayAll(shop)).toBe(ORDERS);
}, 60_000);
