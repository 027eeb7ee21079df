import { randomUUID } from 'node:crypto';
import { createJournal } from '../../db/journal.ts';
import { forget } from '../faults/forget.ts';
import { expectProblem } from '../http/problem.ts';
import { type Answer, openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop.close());

const cancel = (id: string, key: string, headers = {}): Promise<Answer> =>
  shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, {
    as: shop.customer,
    body: {},
    headers: { 'idempotency-key': key, ...headers },
  });

async function cancelled(): Promise<{ id: string; key: string; answer: Answer }> {
  const { body } = await shop.place();
  const key = randomUUID();
  const answer = await cancel(body.id, key);
  expect([answer.status, answer.body.status]).toEqual([200, 'cancelled']);
  await shop.waitForEnd(body.id);
  return { id: body.id, key, answer };
}

describe('after Postgres was restored to a time before a cancellation', () => {
  test('answers a repeated request from the history of the workflow', async () => {
    const { id, key, answer } = await cancelled();
    await forget(shop.database, id, 2);
    const replay = await cancel(id, key);
    expect([replay.status, replay.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(replay.body).toMatchObject({ status: 'cancelled', version: answer.body.version });
    const other = { reason: 'Another body' };
    const again = { as: shop.customer, body: other, headers: { 'idempotency-key': key } };
    const reused = await shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, again);
    expectProblem(reused, 'idempotency_key_reused');
  });

  test('rejects a new change by the last state of the workflow', async () => {
    const { id } = await cancelled();
    await forget(shop.database, id, 2);
    const refused = await cancel(id, randomUUID());
    expectProblem(refused, 'illegal_transition', { currentStatus: 'cancelled', allowedTransitions: [], version: 2 });
    expectProblem(await cancel(id, randomUUID(), { 'if-match': '"1"' }), 'version_mismatch', { version: 2 });
  });
});

describe('after Postgres was restored to a time before an open order changed', () => {
  const edit = (id: string, note: string, key: string): Promise<Answer> =>
    shop.requestUntilKnown('PATCH', `/v1/orders/${id}`, {
      as: shop.customer,
      body: { note },
      headers: { 'idempotency-key': key },
    });

  /** Makes three edits. The second one changes nothing. */
  async function edited(): Promise<{ id: string; requests: [string, string][]; answers: Answer[] }> {
    const { body } = await shop.place();
    const requests = ['x', 'x', 'y'].map((note): [string, string] => [note, randomUUID()]);
    const answers: Answer[] = [];
    for (const [note, key] of requests) answers.push(await edit(body.id, note, key));
    expect(answers.map((answer) => [answer.status, answer.body.version])).toEqual([
      [200, 2],
      [200, 2],
      [200, 3],
    ]);
    return { id: body.id, requests, answers };
  }

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['two versions back', (id) => forget(shop.database, id, 2)],
    [
      'without the order',
      async (id) => {
        for (const table of ['order_events', 'deliveries']) await shop.database(table).where({ order_id: id }).delete();
        await shop.database('orders').where({ id }).delete();
      },
    ],
  ])('repeated requests get the same answers, %s', async (_backup, restore) => {
    const { id, requests, answers } = await edited();
    await shop.database('unchanged_edits').where({ order_id: id }).delete();
    await restore(id);
    for (const [index, [note, key]] of requests.entries()) {
      const replay = await edit(id, note, key);
      expect([replay.status, replay.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
      expect(replay.body).toEqual(answers[index]?.body);
    }
  });

  test('the next change succeeds and restores the missing versions', async () => {
    const { id } = await edited();
    await forget(shop.database, id, 2);
    expect((await shop.move(id, 'preparation')).body.version).toBe(4);
    const versions = await shop.database('order_events').where({ order_id: id }).orderBy('position').pluck('version');
    expect(versions).toEqual([1, 2, 3, 4]);
  });
});

test('records a change without its idempotency key if the workflow no longer has the key', async () => {
  const { body } = await shop.place({ headers: { 'idempotency-key': 'the-first' } });
  const first = await shop.database('order_events').where({ order_id: body.id }).first('event', 'snapshot');
  const event = { ...first.event, id: `${body.id}:2`, version: 2, type: 'order.edited' };
  const order = { ...first.snapshot, version: 2 };
  expect(await createJournal(shop.database).record({ event, order })).toBe('applied');
  const keys = await shop.database('order_events').where({ order_id: body.id }).orderBy('version').pluck('key_hash');
  expect(keys).toEqual([first.event.key.hash, null]);
});

test('rejects a change of an order whose workflow was terminated with the reason', async () => {
  const { body } = await shop.place();
  await shop.workflow(body.id).terminate();
  const refused = await cancel(body.id, randomUUID());
  expectProblem(refused, 'illegal_transition', { currentStatus: 'waiting', allowedTransitions: [], version: 1 });
  expect(refused.body.detail).toContain('its workflow is lost');
});
