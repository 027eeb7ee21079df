import { waitFor } from '../../stack/wait.ts';
import { smtpError } from '../email/mail-servers.ts';
import { startMoodySmtp } from '../email/moody-smtp.ts';
import { openShop, type Shop } from '../shop.ts';
import { expectIntact, replayAll } from './aftermath.ts';

const SHOP = 'shop@crema.example';
/** What the SMTP server answers to the next recipients that are the shop's address. */
const refusals: Error[] = [];
/** Every address it was ever asked to take mail for. */
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

interface Line {
  kind: string;
  channel: string;
  recipient: string;
  version: number;
  attempt: number;
  outcome: string;
  reason: string | null;
}

async function mailsOnTimeline(id: string, { request, manager }: Shop = shop): Promise<Line[]> {
  const { body } = await request('GET', `/v1/orders/${id}/timeline`, { as: manager });
  return body.data.filter(({ channel }: Line) => channel === 'email');
}

test('When one of two recipients is refused for the moment, then they get it later and the other one only once', async () => {
  refusals.push(smtpError(451, 'Come back later'), smtpError(451, 'Not yet'));

  const { body: order } = await shop.place();
  await expectIntact(shop, order.id);

  const mails = await mailsOnTimeline(order.id);
  expect(mails.find(({ recipient }) => recipient === 'customer')).toMatchObject({ outcome: 'sent', attempt: 1 });
  expect(mails.find(({ recipient }) => recipient === 'shop')).toMatchObject({ outcome: 'sent', attempt: 3 });
  expect(
    shop
      .mailed(order.id)
      .map(({ to }) => to)
      .sort(),
  ).toEqual(['customer@example.com', SHOP]);
}, 40_000);

test('When a recipient is refused for good, then it is tried once, is on the timeline, and holds nothing up', async () => {
  const { body: order } = await shop.place();
  await expectIntact(shop, order.id);
  asked.length = 0;
  refusals.push(smtpError(550, 'No such user <shop@crema.example>'));

  const cancelled = await shop.request('POST', `/v1/orders/${order.id}/cancel`, { as: shop.customer });

  expect(cancelled.status).toBe(200);
  expect(await expectIntact(shop, order.id)).toMatchObject({ status: 'cancelled', version: 2 });
  const mails = (await mailsOnTimeline(order.id)).filter(({ version }) => version === 2);
  expect(mails.find(({ recipient }) => recipient === 'customer')).toMatchObject({ outcome: 'sent', attempt: 1 });
  const refused = mails.find(({ recipient }) => recipient === 'shop');
  expect(refused).toMatchObject({ outcome: 'refused', attempt: 1, reason: expect.stringContaining('550') });
  expect(refused?.reason).not.toContain(SHOP);
  expect(asked.filter((address) => address === SHOP)).toHaveLength(1);
}, 40_000);

test('When the server takes a mail and its answer is lost, then it comes twice under one Message-ID, and to nobody else', async () => {
  const moody = await startMoodySmtp();
  const other = await openShop({ environment: { SMTP_URL: moody.url } });
  try {
    moody.moods.push('drops', 'resets', 'takes');
    const { body: order } = await other.place();
    const ended = async () => {
      const lines = await mailsOnTimeline(order.id, other);
      return lines.length === 2 && lines.every(({ outcome }) => outcome === 'sent');
    };
    await waitFor('both receipts', ended, { deadline: 20_000 });

    const names = moody.taken.map((raw) => /^Message-ID: (.*)$/im.exec(raw)?.[1]);
    const by = Map.groupBy(names, (name) => name);
    // Two were taken and not acknowledged: each came once more, or both came for one recipient.
    expect(names).toHaveLength(4);
    expect(by.size).toBe(2);
    const lines = await mailsOnTimeline(order.id, other);
    expect(lines.map(({ attempt }) => attempt).reduce((one, two) => one + two)).toBe(4);
  } finally {
    await other.close();
    await moody.close();
  }
}, 60_000);

test('When all is over, then every history replays on today’s code', async () => {
  expect(await replayAll(shop)).toBe(2);
}, 60_000);
