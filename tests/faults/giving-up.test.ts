import { randomUUID } from 'node:crypto';
import { waitFor } from '../../stack/wait.ts';
import { orderWorkflowType } from '../../workflows/messages/definitions.ts';
import { startOptionsOf } from '../../workflows/messages/start-options.ts';
import { createSigningKeys } from '../../workflows/payloads/signing-keys.ts';
import { aPlacement } from '../domain/an-order.ts';
import { smtpError } from '../email/mail-servers.ts';
import { openShop, type Shop } from '../shop.ts';

const SHOP = 'shop@crema.example';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({
    // No Redis listens on this port.
    environment: { REDIS_URL: 'redis://127.0.0.1:1' },
    smtp: {
      onRcptTo: ({ address }, _, done) => done(address === SHOP ? smtpError(451, 'Come back later') : undefined),
    },
  });
}, 60_000);
afterAll(() => shop?.close(), 60_000);

describe('after the last attempt of a delivery', () => {
  test('gives up, records each missed recipient and ends the order', async () => {
    const { taskQueue } = await shop.workflow((await shop.place()).body.id).describe();
    const me = (await shop.request('GET', '/v1/me', { as: shop.customer })).body;
    // The order is so old that Redis and each email have one last attempt.
    const placedAt = new Date(Date.now() - 3 * 24 * 60 * 60 * 1_000).toISOString();
    const placement = aPlacement({ id: randomUUID(), customer: { id: me.id }, placedAt });
    await shop.temporal.workflow.start(orderWorkflowType, {
      ...startOptionsOf(placement, createSigningKeys([])(placement.id)[0]),
      taskQueue,
    });
    await shop.waitForStatus(placement.id, 'waiting');
    await shop.workflow(placement.id).cancel();
    await shop.waitForStatus(placement.id, 'cancelled');

    const outcomes = async (as: string): Promise<string[]> =>
      (await shop.timeline(placement.id, as))
        .filter(({ kind, version }) => kind === 'delivery' && version === 1)
        .map(({ channel, recipient, outcome }) => `${channel} ${recipient} ${outcome}`)
        .sort();
    const last = async () => (await outcomes(shop.manager)).filter((outcome) => !outcome.endsWith('retrying'));
    await waitFor('The last outcome', async () => (await last()).length === 3, { deadline: 60_000 });

    expect(await outcomes(shop.manager)).toEqual([
      'email customer sent',
      'email shop given_up',
      'redis orders given_up',
    ]);
    expect(await outcomes(shop.customer)).toEqual(['email customer sent']);
    const given = (await shop.timeline(placement.id)).find(({ outcome }) => outcome === 'given_up');
    expect(given?.attempt).toBeGreaterThan(1);
    expect(given).toMatchObject({ reason: expect.stringMatching(/\w/) });
  }, 90_000);
});
