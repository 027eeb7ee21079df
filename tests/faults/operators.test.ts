import type { Payload } from '@temporalio/common';
import { waitFor } from '../../stack/wait.ts';
import { cancelSignal, changeStatusSignal } from '../../workflows/messages/definitions.ts';
import { openShop, type Shop, type TimelineEntry } from '../shop.ts';
import { expectIntact, replayAll } from './aftermath.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close(), 60_000);

async function placedAndMoved(...statuses: ('preparation' | 'ready')[]): Promise<string> {
  const { body } = await shop.place();
  for (const status of statuses) expect((await shop.move(body.id, status)).status).toBe(200);
  return body.id;
}

/** Waits for this number of refusals on an order's timeline, and returns them. */
async function rejections(id: string, count: number) {
  let lines: TimelineEntry[] = [];
  await waitFor(
    `${count} refusals on the timeline of ${id}`,
    async () => {
      lines = (await shop.timeline(id)).filter(({ kind }) => kind === 'rejected');
      return lines.length >= count;
    },
    { deadline: 10_000 },
  );
  expect(lines).toHaveLength(count);
  return lines;
}

/** Sends a signal that Temporal's own tools can send, but its TypeScript client cannot. */
async function signalRaw(id: string, signalName: string, encoding: string, data: string): Promise<void> {
  const payload: Payload = { metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) };
  await shop.temporal.workflowService.signalWorkflowExecution({
    namespace: shop.temporal.options.namespace,
    workflowExecution: { workflowId: shop.workflow(id).workflowId },
    signalName,
    input: { payloads: [payload] },
  });
}

describe('when an operator cancels an order in Temporal', () => {
  test('cancels a waiting order', async () => {
    const id = await placedAndMoved();

    await shop.workflow(id).cancel();

    expect(await expectIntact(shop, id)).toMatchObject({
      status: 'cancelled',
      version: 2,
      cancellation: { reasonCode: 'other', reason: 'Cancelled in Temporal', by: { type: 'operator' } },
    });
  });

  test('rejects the cancellation of a ready order, which can still be delivered', async () => {
    const id = await placedAndMoved('preparation', 'ready');

    await shop.workflow(id).cancel();

    expect(await rejections(id, 1)).toMatchObject([
      { to: 'cancelled', reason: 'illegal_transition', actor: { type: 'operator' } },
    ]);
    const delivered = await shop.move(id, 'delivered');
    expect([delivered.status, delivered.body.version]).toEqual([200, 4]);
    expect(await expectIntact(shop, id)).toMatchObject({ status: 'delivered', version: 4, cancellation: null });
  });
});

describe('when an operator sends an invalid signal', () => {
  test('records a rejected cancellation of a ready order, which can still be delivered', async () => {
    const id = await placedAndMoved('preparation', 'ready');

    await shop.workflow(id).signal(cancelSignal, { reasonCode: 'too_busy' });

    expect(await rejections(id, 1)).toMatchObject([{ to: 'cancelled', reason: 'illegal_transition' }]);
    await shop.workflow(id).signal(changeStatusSignal, { status: 'delivered' });
    expect(await expectIntact(shop, id)).toMatchObject({ status: 'delivered', version: 4, cancellation: null });
  });

  test('records malformed arguments as rejected and continues the order', async () => {
    const id = await placedAndMoved();
    const actor = { type: 'operator', id: 'ops' };
    const nonsense: [signal: string, ...args: unknown[]][] = [
      ['changeStatus'],
      ['changeStatus', null],
      ['changeStatus', 42],
      ['changeStatus', 'ready'],
      ['changeStatus', ['ready']],
      ['changeStatus', {}],
      ['changeStatus', { status: 'READY' }],
      ['changeStatus', { status: 'cancelled' }],
      ['changeStatus', { status: { toString: 'ready' } }],
      ['changeStatus', { status: 'preparation', actor: 'me' }],
      ['changeStatus', { status: 'preparation', actor: { type: 'god', id: '1' } }],
      ['changeStatus', { status: 'preparation', expectedVersion: '1' }],
      ['changeStatus', { status: 'preparation', key: 'key' }],
      ['changeStatus', { status: 'preparation', reason: 'x'.repeat(501) }],
      ['changeStatus', { status: 'preparation', expectedVersion: 7, actor }, 'and', 'more'],
      ['cancel', 'please'],
      ['cancel', { reasonCode: 'because' }],
      ['cancel', { reason: { deep: [[[[]]]] } }],
    ];
    const handle = shop.workflow(id);

    for (const [signal, ...args] of nonsense) await handle.signal(signal, ...args);

    const refused = await rejections(id, nonsense.length);
    expect(refused.every(({ reason }) => typeof reason === 'string' && reason.length > 0)).toBe(true);
    expect(refused.map(({ reason }) => reason)).toContain('version_mismatch');
    expect(await expectIntact(shop, id)).toMatchObject({ status: 'waiting', version: 1 });
    expect((await shop.move(id, 'preparation')).status).toBe(200);
  });

  test('rejects the texts that the API rejects, and keeps the others unchanged', async () => {
    const id = await placedAndMoved();
    const handle = shop.workflow(id);
    const [line] = (await shop.readOrder(id, shop.manager)).body.lines;
    const renamed = (product: string) => ({ lines: [{ ...line, id: 'another', product }] });
    for (const odd of ['NUL \u0000', 'half a pair \ud83d', 'a bell \u0007']) {
      await handle.signal(cancelSignal, { reason: odd });
      await handle.signal('edit', { note: odd });
      await handle.signal('edit', renamed(odd));
    }
    await handle.signal('edit', renamed('x'.repeat(900_000)));
    await handle.signal(cancelSignal, { requestId: '\u0000' });
    await rejections(id, 11);

    await handle.signal(cancelSignal, { reason: "\u2028, '; DROP TABLE orders; --" });
    expect(await expectIntact(shop, id)).toMatchObject({ status: 'cancelled', version: 2 });
  });

  test('records the operator as the actor, whatever the signal says', async () => {
    const id = await placedAndMoved();
    const actor = { type: 'manager' as const, id: '0c0ffee0-0000-4000-8000-000000000001' };
    for (const signatures of [undefined, [], ['0'.repeat(64)]])
      await shop.workflow(id).signal(changeStatusSignal, { status: 'delivered', actor, signatures });
    for (const { actor: blamed } of await rejections(id, 3)) expect(blamed).toMatchObject({ type: 'operator' });
    await shop.workflow(id).signal(cancelSignal, { actor });
    const { cancellation } = await expectIntact(shop, id);
    expect(cancellation?.by).toEqual({ type: 'operator', id: 'temporal' });
  });

  test('rejects deeply nested arguments without delaying the order', async () => {
    const id = await placedAndMoved();
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const messages = [
      ['changeStatus', `{"status":"ready","reason":${deep}}`],
      ['cancel', `{"actor":{"type":"operator","id":${deep}}}`],
      ['cancel', `{"key":${deep}}`],
      ['edit', `{"lines":${deep}}`],
      ['edit', `{"lines":[{"id":"1","quantity":${deep}}]}`],
      ['edit', deep],
    ] as const;
    for (const [signal, text] of messages) await signalRaw(id, signal, 'json/plain', text);
    await rejections(id, messages.length);
    await signalRaw(id, 'changeStatus', 'json/plain', `{"status":"preparation","more":${deep}}`);
    await signalRaw(id, 'cancel', 'json/plain', `{"signatures":${deep}}`);
    expect(await expectIntact(shop, id)).toMatchObject({ status: 'cancelled', version: 3 });
  });

  test('ignores an invalid or used idempotency key without delaying the order', async () => {
    const id = await placedAndMoved();
    const { events } = await shop.workflow(id).fetchHistory();
    const started = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    const { key } = JSON.parse(Buffer.from(started as Uint8Array).toString());
    const status = 'preparation';

    for (const hash of ['a\u0000b', '\ud83d', 'x'.repeat(10_000), key.hash]) {
      await shop.workflow(id).signal(changeStatusSignal, { status, key: { hash, fingerprint: 'another' } });
    }

    await rejections(id, 4);
    expect(await expectIntact(shop, id)).toMatchObject({ status: 'waiting', version: 1 });
  });

  test('continues the order after arguments that cannot be decoded', async () => {
    const id = await placedAndMoved();
    const broken = [
      ['json/plain', '{'],
      ['json/protobuf', '{}'],
      ['no/such', 'x'],
    ] as const;
    for (const [encoding, data] of broken) await signalRaw(id, 'changeStatus', encoding, data);

    expect(await rejections(id, 3)).toMatchObject([{ to: null }, { to: null }, { to: null }]);
    expect((await shop.move(id, 'preparation')).status).toBe(200);
    expect(await expectIntact(shop, id)).toMatchObject({ status: 'preparation', version: 2 });
  });
});

test('replays every history of this file', async () => {
  expect(await replayAll(shop)).toBe(9);
}, 60_000);
