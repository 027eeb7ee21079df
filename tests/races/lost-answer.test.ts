import { connect, type Socket } from 'node:net';
import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';
import { expectAllIntact, expectEmailedOnce } from './intact.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop.close());

const waitOptions = { deadline: 20_000, every: 20 };
const PLACING = { 'idempotency-key': 'placing' };
const DELIVERING = { 'idempotency-key': 'delivering' };

const deliver = (id: string, body: unknown = { status: 'delivered' }, headers: Record<string, string> = DELIVERING) =>
  shop.requestUntilKnown('POST', `/v1/orders/${id}/status`, { as: shop.manager, body, headers });

/** Sends the request that delivers an order, and never reads the response. */
function deliverWithoutReading(id: string): Promise<Socket> {
  const { hostname, port } = new URL(shop.url);
  const body = JSON.stringify({ status: 'delivered' });
  const head = [
    `POST /v1/orders/${id}/status HTTP/1.1`,
    `host: ${hostname}`,
    `authorization: Bearer ${shop.manager}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    `idempotency-key: ${DELIVERING['idempotency-key']}`,
  ];
  return new Promise((sent, failed) => {
    const socket = connect({ host: hostname, port: Number(port) }).pause();
    socket.on('error', failed);
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, () => sent(socket));
  });
}

async function readyOrder(headers: Record<string, string> = {}): Promise<string> {
  const { body } = await shop.place({ headers });
  for (const status of ['preparation', 'ready'] as const) expect((await shop.move(body.id, status)).status).toBe(200);
  return body.id;
}

const isDelivered = async (id: string) =>
  (await shop.database('orders').where({ id }).first('status')).status === 'delivered';

describe('an order that was delivered while the response was lost', () => {
  test.each([
    ['before the response', false],
    ['after the response', true],
  ])('answers 200 to a retry and sends one email if the client disconnects %s', async (_, given) => {
    const id = await readyOrder();

    const socket = await deliverWithoutReading(id);
    if (given) await waitFor('The delivery', () => isDelivered(id), waitOptions);
    socket.destroy();
    await waitFor('The delivery', () => isDelivered(id), waitOptions);
    const retry = await deliver(id);

    expect(retry.status).toBe(200);
    expect(retry.headers.get('idempotency-replayed')).toBe('true');
    expect(retry.headers.get('etag')).toBe('"4"');
    expect(retry.body).toMatchObject({ status: 'delivered', version: 4 });
    expect((await expectAllIntact(shop, [id])).get(id)).toMatchObject({ status: 'delivered', version: 4 });
    await expectEmailedOnce(shop, [id]);
  });

  test('returns the same result to a retry sent before the decision', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => readyOrder()));

    const retries = await Promise.all(
      ids.map(async (id) => {
        const socket = await deliverWithoutReading(id);
        socket.destroy();
        return deliver(id);
      }),
    );

    for (const { status, body } of retries) expect([status, body.status, body.version]).toEqual([200, 'delivered', 4]);
    await expectAllIntact(shop, ids);
    await expectEmailedOnce(shop, ids);
  });
});

test('idempotency keys return their answers after Temporal deleted the order’s workflow', async () => {
  const id = await readyOrder(PLACING);
  (await deliverWithoutReading(id)).destroy();
  await waitFor('The delivery', () => isDelivered(id), waitOptions);
  const before = await deliver(id);
  await expectAllIntact(shop, [id]);
  await forget(id);

  const retry = await deliver(id);
  expect([retry.status, retry.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
  expect(retry.body).toEqual(before.body);
  expect(retry.headers.get('etag')).toBe('"4"');

  const another = await deliver(id, { status: 'delivered', reason: 'again' });
  expect(another.body).toMatchObject({ status: 422, code: 'idempotency_key_reused' });

  const placedAgain = await shop.place({ headers: PLACING });
  expect([placedAgain.status, placedAgain.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  expect(placedAgain.body).toMatchObject({ id, status: 'waiting', version: 1 });
  const otherOrder = await shop.place({ headers: PLACING, body: { lines: [await shop.line('Tea')] } });
  expect(otherOrder.body).toMatchObject({ status: 422, code: 'idempotency_key_reused' });

  const late = { status: 409, code: 'illegal_transition', currentStatus: 'delivered', version: 4 };
  expect((await shop.move(id, 'delivered')).body).toMatchObject(late);
  expect((await shop.move(id, 'waiting')).body).toMatchObject(late);
  const asked = { as: shop.customer, body: {} };
  expect((await shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, asked)).body).toMatchObject(late);
  const edited = { as: shop.customer, body: { note: 'Hot' } };
  expect((await shop.requestUntilKnown('PATCH', `/v1/orders/${id}`, edited)).body).toMatchObject(late);
  const stale = await deliver(id, { status: 'delivered' }, { 'if-match': '"3"' });
  expect(stale.body).toMatchObject({ status: 412, code: 'version_mismatch', version: 4 });

  const read = await shop.readOrder(id);
  expect(read.body).toMatchObject({ status: 'delivered', version: 4 });
  expect(await shop.database('order_events').where({ order_id: id })).toHaveLength(4);
  await expectEmailedOnce(shop, [id]);
  await expect(shop.workflow(id).describe()).rejects.toThrow(/not found/i);
}, 120_000);

/** Deletes a closed workflow, as Temporal does in the background after its retention time. */
async function forget(id: string): Promise<void> {
  const { workflowId } = shop.workflow(id);
  const { namespace } = shop.temporal.options;
  await shop.temporal.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
  await waitFor(
    'The deletion',
    () =>
      shop
        .workflow(id)
        .describe()
        .then(
          () => false,
          (error: Error) => error.name === 'WorkflowNotFoundError',
        ),
    { ...waitOptions, deadline: 60_000 },
  );
}
