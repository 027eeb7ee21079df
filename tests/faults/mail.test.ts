import type { Recipient } from '../../domain/order/recipients.ts';
import { waitFor } from '../../stack/wait.ts';
import { unansweredEmailIdOf } from '../../workflows/messages/definitions.ts';
import { startFaultySmtp } from '../email/faulty-smtp.ts';
import { smtpError } from '../email/mail-servers.ts';
import { openShop, type Shop } from '../shop.ts';
import { expectIntact, replayAll } from './aftermath.ts';

const SHOP = 'shop@crema.example';
/** The SMTP server's next answers to the shop's address as recipient. */
const refusals: Error[] = [];
/** All recipients that the SMTP server was asked to accept. */
const asked: string[] = [];

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({
    smtp: {
      onRcptTo({ address }, _, done) {
        asked.push(address);
        done(address === SHOP ? refusals.shift() : undefined);
      },
    },
  });
}, 60_000);
afterAll(() => shop?.close(), 60_000);

const emailsOnTimeline = async (id: string, { timeline } = shop) =>
  (await timeline(id)).filter(({ channel }) => channel === 'email');

test('retries a temporarily rejected recipient without mailing the other one again', async () => {
  refusals.push(smtpError(451, 'Come back later'), smtpError(451, 'Not yet'));

  const { body: order } = await shop.place();
  await expectIntact(shop, order.id);

  const mails = await emailsOnTimeline(order.id);
  expect(mails.find(({ recipient }) => recipient === 'customer')).toMatchObject({ outcome: 'sent', attempt: 1 });
  expect(mails.find(({ recipient }) => recipient === 'shop')).toMatchObject({ outcome: 'sent', attempt: 3 });
  expect(
    shop
      .emailsAbout(order.id)
      .map(({ to }) => to)
      .sort(),
  ).toEqual(['customer@example.com', SHOP]);
}, 40_000);

test('records a permanently rejected recipient after one attempt, without delays', async () => {
  const { body: order } = await shop.place();
  await expectIntact(shop, order.id);
  asked.length = 0;
  refusals.push(smtpError(550, 'No such user <shop@crema.example>'));

  const cancelled = await shop.requestUntilKnown('POST', `/v1/orders/${order.id}/cancel`, { as: shop.customer });

  expect(cancelled.status).toBe(200);
  expect(await expectIntact(shop, order.id)).toMatchObject({ status: 'cancelled', version: 2 });
  const mails = (await emailsOnTimeline(order.id)).filter(({ version }) => version === 2);
  expect(mails.find(({ recipient }) => recipient === 'customer')).toMatchObject({ outcome: 'sent', attempt: 1 });
  const refused = mails.find(({ recipient }) => recipient === 'shop');
  expect(refused).toMatchObject({ outcome: 'refused', attempt: 1, reason: expect.stringContaining('550') });
  expect(refused?.reason).not.toContain(SHOP);
  expect(asked.filter((address) => address === SHOP)).toHaveLength(1);
}, 40_000);

test('waits an hour before it sends an unanswered email again', async () => {
  const server = await startFaultySmtp();
  const other = await openShop({ environment: { SMTP_URL: server.url } });
  try {
    server.reactions.push('drops', 'resets');
    const { body: order } = await other.place();
    const late = (recipient: Recipient) =>
      other.temporal.workflow.getHandle(
        unansweredEmailIdOf({ orderId: order.id, eventId: `${order.id}:1`, recipient }),
      );
    const delays = () =>
      Promise.all(
        (['customer', 'shop'] as const).map(async (recipient) => {
          const { raw } = await late(recipient).describe();
          const { startTime, executionTime } = raw.workflowExecutionInfo ?? {};
          return Number(executionTime?.seconds) - Number(startTime?.seconds);
        }),
      ).catch(() => undefined);
    await waitFor('the late emails', async () => (await delays())?.join() === '3600,3600', { deadline: 20_000 });
    // The order's other emails do not wait.
    expect((await other.move(order.id, 'preparation')).status).toBe(200);
    await waitFor('the next email', () => server.received.length === 3, { deadline: 20_000 });

    const names = server.received.map((raw) => /^Message-ID: (.*)$/im.exec(raw)?.[1]);
    expect([names.length, new Set(names).size]).toEqual([3, 3]);
    const lines = (await emailsOnTimeline(order.id, other)).filter(({ version }) => version === 1);
    expect(lines.map(({ outcome, attempts }) => [outcome, ...attempts!.map((each) => each.outcome)])).toEqual(
      Array(2).fill(['retrying', 'unanswered']),
    );
  } finally {
    await other.close();
    await server.close();
  }
}, 60_000);

test('sends at most three copies of an unanswered email', async () => {
  const server = await startFaultySmtp();
  const environment = { SMTP_URL: server.url, EMAIL_UNANSWERED_RETRY_AFTER: '1' };
  const other = await openShop({ environment });
  try {
    server.reactions.push(...Array(6).fill('drops'));
    const { body: order } = await other.place();
    const outcomes = async () => (await emailsOnTimeline(order.id, other)).map(({ outcome }) => outcome);
    await waitFor('The last outcome', async () => (await outcomes()).join() === 'given_up,given_up', {
      deadline: 30_000,
    });
    expect(server.received).toHaveLength(6);
  } finally {
    await other.close();
    await server.close();
  }
}, 60_000);

test('replays every history of this file', async () => {
  expect(await replayAll(shop)).toBe(2);
}, 60_000);
