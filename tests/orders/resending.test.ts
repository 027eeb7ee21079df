import { randomUUID } from 'node:crypto';
import { waitFor } from '../../stack/wait.ts';
import { resendIdOf } from '../../workflows/messages/definitions.ts';
import { smtpError } from '../email/mail-servers.ts';
import { newCustomer } from '../http/people.ts';
import { expectProblem } from '../http/problem.ts';
import { openShop, type Shop, type TimelineEntry } from '../shop.ts';

/** The SMTP server's answers to the next recipients. */
const refusals: Error[] = [];

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ smtp: { onRcptTo: (_address, _session, done) => done(refusals.shift()) } });
}, 60_000);
afterAll(() => shop?.close());

type Delivery = TimelineEntry & { attempts: object[] };

const deliveries = async (orderId: string, as?: string) =>
  (await shop.timeline(orderId, as)).filter((entry): entry is Delivery => entry.kind === 'delivery');

/** Waits until an email has this number of final attempts and returns its timeline entry. */
async function emailTo(recipient: string, orderId: string, finalAttempts: number): Promise<Delivery> {
  const find = async () =>
    (await deliveries(orderId)).find((each) => each.recipient === recipient && each.version === 1);
  const isFinal = async () =>
    (await find())?.attempts.filter(({ outcome }) => outcome !== 'retrying').length === finalAttempts;
  await waitFor(`${finalAttempts} attempts at the email to ${recipient}`, isFinal, { deadline: 20_000 });
  return (await find()) as Delivery;
}

const resend = (orderId: string, deliveryId: string | null, as = shop.manager) =>
  shop.requestUntilKnown('POST', `/v1/orders/${orderId}/notifications/${deliveryId}/resend`, { as });

const receipts = (orderId: string, to: string) =>
  shop.smtp.arrivals.filter(
    (arrival) => arrival.mail.headers.get('x-crema-event-id') === `${orderId}:1` && arrival.to.includes(to),
  );

test('resends one email of a closed order and records both deliveries on the timeline', async () => {
  const { body: order } = await shop.place();
  await shop.requestUntilKnown('POST', `/v1/orders/${order.id}/cancel`, { as: shop.customer });
  await shop.waitForEnd(order.id);
  const receipt = await emailTo('customer', order.id, 1);
  const before = receipt.attempts.length;
  expect(receipt.attempts.at(-1)).toEqual({ at: expect.any(String), outcome: 'sent', reason: null });

  const answers = await Promise.all([resend(order.id, receipt.deliveryId), resend(order.id, receipt.deliveryId)]);
  answers.push(await resend(order.id, receipt.deliveryId));

  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  const again = await emailTo('customer', order.id, 2);
  expect(again).toMatchObject({ deliveryId: receipt.deliveryId, attempt: before + 1, outcome: 'sent' });
  expect(again.attempts.slice(before).map(({ outcome }) => outcome)).toEqual(['sent']);
  const run = await shop.temporal.workflow.getHandle(resendIdOf(receipt.deliveryId!)).describe();
  expect(run.status.name).toBe('RUNNING');
  const arrivals = receipts(order.id, 'customer@example.com');
  expect(arrivals).toHaveLength(2);
  // With the same Message-ID, mailboxes would drop it as a duplicate.
  expect(new Set(arrivals.map(({ mail }) => mail.messageId)).size).toBe(2);
  expect(new Set(arrivals.map(({ mail }) => mail.text)).size).toBe(1);
  expect(receipts(order.id, 'shop@crema.example')).toHaveLength(1);
});

test('retries a deferred email until the server accepts it', async () => {
  const { body: order } = await shop.place();
  await emailTo('customer', order.id, 1);
  const { deliveryId, attempts: before } = await emailTo('shop', order.id, 1);
  refusals.push(smtpError(451, 'Later'), smtpError(451, 'Not yet'));

  expect((await resend(order.id, deliveryId)).status).toBe(202);

  const { attempts, attempt, outcome } = await emailTo('shop', order.id, 2);
  expect([attempt, outcome]).toEqual([before.length + 3, 'sent']);
  const later = attempts.slice(before.length);
  expect(later.map((each) => each.outcome)).toEqual(['retrying', 'retrying', 'sent']);
  expect(later[0]?.reason).toContain('451');
  expect(receipts(order.id, 'shop@crema.example')).toHaveLength(2);
}, 40_000);

test('keeps the outcome sent if the resent email is rejected permanently', async () => {
  const { body: order } = await shop.place();
  await emailTo('shop', order.id, 1);
  const { deliveryId } = await emailTo('customer', order.id, 1);
  refusals.push(smtpError(550, 'No such user'));
  await resend(order.id, deliveryId);
  const { attempts, outcome } = await emailTo('customer', order.id, 2);
  expect([outcome, attempts.at(-1)?.outcome]).toEqual(['sent', 'refused']);
});

test('rejects a resend with the reason if no email can be sent', async () => {
  const { id, token } = await newCustomer(shop);
  const { body: order } = await shop.place({ as: token });
  const { deliveryId } = await emailTo('customer', order.id, 1);
  const detailOf = async (notification: string | null = deliveryId) => {
    const answer = await resend(order.id, notification);
    expectProblem(answer, 'nothing_to_send');
    return answer.body.detail as string;
  };

  const redis = (await deliveries(order.id)).find(({ channel }) => channel === 'redis')!;
  expect(await detailOf(redis.deliveryId)).toBe('Only an email can be sent again.');
  await shop.database('deliveries').where({ id: deliveryId }).update({ outcome: 'retrying' });
  expect(await detailOf()).toBe('The email is still being sent.');
  await shop.database('deliveries').where({ id: deliveryId }).update({ outcome: 'sent' });
  const address = shop.database.raw("encode(sha256(convert_to(?, 'UTF8')), 'hex')", [`${id}@example.com`]);
  await shop.database('email_suppressions').insert({ address_hash: address, reason: 'bounced', at: new Date() });
  expect(await detailOf()).toContain('bounced');
  await shop.database('users').where({ id }).delete();
  expect(await detailOf()).toBe('The customer has deleted the account.');
  await shop.database('order_events').where({ order_id: order.id }).delete();
  expect(await detailOf()).toBe('The event of this email is no longer stored.');
});

test('customers get no delivery ids and cannot resend emails', async () => {
  const { body: order } = await shop.place();
  const { deliveryId, attempts } = await emailTo('customer', order.id, 1);
  const own = await deliveries(order.id, shop.customer);
  expect(own.map((each) => [each.recipient, each.deliveryId, each.attempts.length])).toEqual([
    ['customer', null, attempts.length],
  ]);
  expectProblem(await resend(order.id, deliveryId, shop.customer), 'forbidden');
  const { body: other } = await shop.place();
  expectProblem(await resend(other.id, deliveryId), 'not_found');
  expectProblem(await resend(order.id, randomUUID()), 'not_found');
});
