import { randomUUID } from 'node:crypto';
import type { SnsMessage } from '../../api/notifications/schemas.ts';
import { createSns } from '../../api/notifications/sns.ts';
import { waitFor } from '../../stack/wait.ts';
import { startSes } from '../email/mail-servers.ts';
import { newCustomer } from '../http/people.ts';
import { expectFaults, expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { startSns, TOPIC } from './sns-server.ts';

const HOUR_MS = 60 * 60 * 1_000;

let sns: Awaited<ReturnType<typeof startSns>>;
let ses: Awaited<ReturnType<typeof startSes>>;
let shop: Shop;
beforeAll(async () => {
  sns = await startSns();
  ses = await startSes([(form) => sesAcceptsAs(`ses-${form.get('Destinations.member.1')}-${randomUUID()}`)]);
  shop = await openShop({
    environment: {
      SES_TOPIC_ARN: TOPIC,
      SNS_ENDPOINT: sns.url,
      NOTIFICATIONS_ENV: 'production',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'a-test',
      AWS_SECRET_ACCESS_KEY: 'a-test',
      SES_ENDPOINT: ses.url,
    },
  });
}, 60_000);
afterAll(async () => {
  await shop?.close();
  await ses?.close();
  await sns?.close();
}, 60_000);

const sesAcceptsAs = (id: string) => ({
  status: 200,
  body: `<SendRawEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendRawEmailResult><MessageId>${id}</MessageId></SendRawEmailResult></SendRawEmailResponse>`,
});

/** Sends a message as Amazon does: JSON with the content type of plain text. */
const notify = (message: object) =>
  shop.request('POST', '/notifications/ses', {
    body: JSON.stringify(message),
    headers: { 'content-type': 'text/plain; charset=UTF-8' },
  });
const sendReport = (report: object) => notify(sns.message({ Message: JSON.stringify(report) }));

interface Sent {
  id: string;
  as: string;
  email: string;
  orderId: string;
  eventId: string;
  messageId: string;
}

/** Returns a receipt that Amazon has accepted and the ledger contains. */
async function sentReceipt(): Promise<Sent> {
  const { id, token: as } = await newCustomer(shop);
  const { body: order } = await shop.place({ as });
  const attempt = () =>
    shop
      .database('delivery_attempts as a')
      .join('deliveries as d', 'd.id', 'a.delivery_id')
      .where({ order_id: order.id, recipient: 'customer', 'a.outcome': 'sent' })
      .first('message_id');
  await waitFor('the receipt', async () => (await attempt()) !== undefined, { deadline: 20_000 });
  const email = `${id}@example.com`;
  const { message_id: messageId } = await attempt();
  return { id, as, email, orderId: order.id, eventId: `${order.id}:1`, messageId };
}

/** The email in a report of Amazon. */
const mailOf = ({ messageId, email }: Sent, headers?: [string, string][]) => ({
  messageId,
  destination: [email],
  ...(headers && { headers: headers.map(([name, value]) => ({ name, value })) }),
});

const bounce = (bounceType: string) => ({ bounceType, bounceSubType: 'General', bouncedRecipients: [] });

const receiptOnTimeline = async ({ orderId }: Sent) =>
  (await shop.timeline(orderId)).find(({ recipient }) => recipient === 'customer')!;

const stopped = async ({ as }: Sent) =>
  (await shop.request('GET', '/v1/me/email-preferences', { as })).body.stopped as string | null;

describe('a bounce reported by Amazon SES', () => {
  test('appears on the timeline if permanent, and suppresses further emails', async () => {
    const receipt = await sentReceipt();
    expect(receipt.messageId).toMatch(/^ses-/);
    const bounced = { notificationType: 'Bounce', bounce: bounce('Permanent'), mail: mailOf(receipt) };

    expect((await sendReport(bounced)).status).toBe(204);
    expect((await sendReport(bounced)).status).toBe(204);

    const line = await receiptOnTimeline(receipt);
    expect(line).toMatchObject({
      type: 'delivery.bounced',
      outcome: 'bounced',
      reason: 'Amazon SES: Permanent, General',
    });
    expect(line.attempts!.map(({ outcome }) => outcome)).toEqual(['sent', 'bounced']);
    expect(await stopped(receipt)).toBe('bounced');
    await shop.move(receipt.orderId, 'preparation');
    const next = () =>
      shop
        .database('deliveries')
        .where({ event_id: `${receipt.orderId}:2`, recipient: 'customer' })
        .first();
    await waitFor('the next email', async () => (await next()) !== undefined, { deadline: 20_000 });
    expect(await next()).toMatchObject({ outcome: 'suppressed', detail: expect.stringContaining('bounced') });
  });

  test('does not suppress the address if transient or undetermined', async () => {
    const receipt = await sentReceipt();
    for (const type of ['Transient', 'Undetermined']) {
      expect(
        (await sendReport({ notificationType: 'Bounce', bounce: bounce(type), mail: mailOf(receipt) })).status,
      ).toBe(204);
    }
    expect((await receiptOnTimeline(receipt)).outcome).toBe('sent');
    expect(await stopped(receipt)).toBe(null);
  });

  test('does not suppress emails to the customer’s next address', async () => {
    const receipt = await sentReceipt();
    await sendReport({ eventType: 'Bounce', bounce: bounce('Permanent'), mail: mailOf(receipt) });
    await shop
      .database('users')
      .where({ id: receipt.id })
      .update({ email: `new-${receipt.email}` });
    expect(await stopped(receipt)).toBe(null);
  });

  test('is assigned by the email’s own headers if the ledger lacks the message id', async () => {
    const receipt = await sentReceipt();
    await shop.database('deliveries').where({ order_id: receipt.orderId }).delete();
    const headers: [string, string][] = [
      ['X-Crema-Event-Id', receipt.eventId],
      ['x-crema-recipient', 'customer'],
    ];
    const bounced = { notificationType: 'Bounce', bounce: { bounceType: 'Permanent' }, mail: mailOf(receipt, headers) };
    expect((await sendReport(bounced)).status).toBe(204);
    expect(await receiptOnTimeline(receipt)).toMatchObject({ outcome: 'bounced', reason: 'Amazon SES: Permanent' });
  });

  test.each<[string, [string, string][]]>([
    ['no header', []],
    ['the header of an email about an account', [['X-Crema-Event-Id', `account-mail-${randomUUID()}`]]],
    [
      'the header of an unknown order',
      [
        ['X-Crema-Event-Id', `${randomUUID()}:1`],
        ['X-Crema-Recipient', 'shop'],
      ],
    ],
  ])('suppresses the address if the report has an unknown id and %s', async (_what, headers) => {
    const receipt = await sentReceipt();
    const mail = { ...mailOf(receipt, headers), messageId: 'unknown' };
    expect((await sendReport({ notificationType: 'Bounce', bounce: bounce('Permanent'), mail })).status).toBe(204);
    expect((await receiptOnTimeline(receipt)).outcome).toBe('sent');
    expect(await stopped(receipt)).toBe('bounced');
  });
});

describe('a complaint reported by Amazon SES', () => {
  test('suppresses further emails', async () => {
    const receipt = await sentReceipt();
    await sendReport({
      notificationType: 'Complaint',
      complaint: { complaintFeedbackType: 'abuse' },
      mail: mailOf(receipt),
    });
    expect(await receiptOnTimeline(receipt)).toMatchObject({
      outcome: 'complained',
      reason: expect.stringContaining('spam'),
    });
    expect(await stopped(receipt)).toBe('complained');
  });

  test('does not suppress the address if it is “not-spam”; a delivery does not either', async () => {
    const receipt = await sentReceipt();
    const complaint = { complaintFeedbackType: 'not-spam' };
    await sendReport({ notificationType: 'Complaint', complaint, mail: mailOf(receipt) });
    await sendReport({ notificationType: 'Delivery', mail: mailOf(receipt) });
    expect((await notify(sns.message({ Message: 'Successfully validated SNS topic', Subject: 'Hello' }))).status).toBe(
      204,
    );
    expect(await stopped(receipt)).toBe(null);
  });
});

describe('a message of Amazon SNS', () => {
  const hello = { Message: '{}' };

  test.each(['1', '2'])('is accepted with signature version %s; its certificate is cached', async (version) => {
    const before = sns.requested.length;
    for (const Subject of ['one', 'two']) {
      expect((await notify(sns.message({ ...hello, Subject, SignatureVersion: version }))).status).toBe(204);
    }
    expect(sns.requested.slice(before).length).toBeLessThanOrEqual(1);
  });

  test.each<[string, () => Record<string, string>, string]>([
    ['another topic', () => sns.message({ ...hello, TopicArn: `${TOPIC}-2` }), 'another topic'],
    [
      'a time an hour ago',
      () => sns.message({ ...hello, Timestamp: new Date(Date.now() - HOUR_MS).toISOString() }),
      'the last hour',
    ],
    [
      'a time tomorrow',
      () => sns.message({ ...hello, Timestamp: new Date(Date.now() + 25 * HOUR_MS).toISOString() }),
      'the last hour',
    ],
    ['a message that was not signed', () => ({ ...sns.message(hello), Message: '{"a":1}' }), 'not signed'],
    [
      'a time that was not signed',
      () => ({ ...sns.message(hello), Timestamp: new Date(Date.now() + 1_000).toISOString() }),
      'not signed',
    ],
    ['no signature', () => ({ ...sns.message(hello), Signature: '' }), 'not signed'],
    ['an expired certificate', () => sns.message(hello, '/SimpleNotificationService-old.pem'), 'expired'],
    [
      'a certificate from another host',
      () => ({ ...sns.message(hello), SigningCertURL: 'http://127.0.0.1:1/a.pem' }),
      'certificate is not',
    ],
    ['no certificate', () => ({ ...sns.message(hello), SigningCertURL: `${sns.url}/` }), 'certificate is not'],
    [
      'a confirmation URL on another host',
      () => sns.confirmation({ SubscribeURL: 'http://127.0.0.1:1/' }),
      'not Amazon',
    ],
    ['no confirmation URL', () => sns.message({ ...hello, Type: 'SubscriptionConfirmation' }), 'not Amazon'],
  ])('is rejected with %s', async (_what, message, why) => {
    const requested = sns.requested.filter((address) => address.startsWith('/?'));
    const answer = await notify(message());
    expectProblem(answer, 'forbidden');
    expect(answer.body.detail).toContain(why);
    expect(sns.requested.filter((address) => address.startsWith('/?'))).toEqual(requested);
  });

  test('confirms the subscription to the topic, and is ignored when that ends', async () => {
    const before = sns.requested.length;
    expect((await notify(sns.confirmation())).status).toBe(204);
    expect(sns.requested.slice(before)).toEqual(['/?Action=ConfirmSubscription&Token=a-token']);
    expect((await notify(sns.confirmation({ Type: 'UnsubscribeConfirmation' }))).status).toBe(204);
    expect(sns.requested).toHaveLength(before + 1);
  });

  test.each(['/moved.pem', '/none.pem'])(
    'is answered with 503, so that Amazon retries, if %s is no certificate',
    async (path) => {
      expectProblem(await notify({ ...sns.message(hello), SigningCertURL: `${sns.url}${path}` }), 'unavailable');
    },
  );

  test('is rejected if malformed; other routes do not accept text', async () => {
    expectFaults(await notify({ ...sns.message(hello), Type: 'Hello', SignatureVersion: '3' }), [
      '#/Type',
      '#/SignatureVersion',
    ]);
    expect(
      (
        await shop.request('POST', '/v1/orders', {
          as: shop.customer,
          body: '{}',
          headers: { 'content-type': 'text/plain' },
        })
      ).status,
    ).toBe(415);
  });
});

test.each([
  'http://sns.eu-central-1.amazonaws.com/a.pem',
  'https://sns.eu-central-1.amazonaws.com:8443/a.pem',
  'https://sns.eu-central-1.amazonaws.com.example.com/a.pem',
  'https://evil.amazonaws.com/a.pem',
  'https://sns.eu-central-1.amazonaws.com@example.com/a.pem',
  'https://user@sns.eu-central-1.amazonaws.com/a.pem',
  'https://sns.x.amazonaws.com/a.pem',
  'https://sns.eu-central-1.amazonaws.com/a.txt',
  'a.pem',
])('rejects a certificate at %s without a request', async (SigningCertURL) => {
  const message = { ...sns.message({ Message: '{}' }), SigningCertURL } as unknown as SnsMessage;
  const answer = await createSns({ topicArn: TOPIC }).check(message);
  expect(answer).toBe('Its certificate is not from Amazon.');
});
