import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { EventLog } from '../../db/event-log.ts';
import { raise } from '../../domain/order/alerts.ts';
import type { Fact } from '../../domain/order/order.ts';
import { waitFor } from '../../stack/wait.ts';
import { aLine } from '../domain/an-order.ts';
import { actors } from '../domain/status-table.ts';
import { withClockAhead } from '../moved-clock.ts';
import { follow } from './event-stream.ts';
import { next, orderFacts } from './facts.ts';
import { type LogServer, openLogServer } from './log-server.ts';

let server: LogServer;
afterEach(() => server?.close());

const waitOptions = { deadline: 20_000, every: 10 };
/** Longer than the pause between two checks of the streams, in ms. */
const UPKEEP_MS = 1_100;
const idsOf = (facts: Fact[]) => facts.map(({ event }) => event.id);

async function record(...facts: Fact[]): Promise<void> {
  for (const fact of facts) expect(await server.journal.record(fact)).toBe('applied');
  server.hub.wake();
}

/** Follows an order as the manager. */
function followOrder(order: Fact['order'], after?: string) {
  server.asks.order = order;
  return follow(server, '/', { after });
}

describe('a final order whose earlier alert is journaled later', () => {
  const at = '2026-11-22T09:50:00.000Z';
  const ready = orderFacts(['preparation', 'ready']);
  const alert = raise(ready.at(-1)!.order, 'uncollected', at);
  const delivered = next({ ...alert, order: alert.order }, 'delivered');

  test('has a stream that sends the alert before it ends', async () => {
    server = await openLogServer();
    await record(ready[0]!);
    const mine = await followOrder(ready[0]!.order);
    await record(...ready.slice(1), delivered);
    await mine.receives(4);
    // A second read, so that the hub's read has ended.
    const last = await server.log.lastOf(delivered.event.orderId);
    expect([last, mine.end]).toEqual([undefined, 'open']);

    await record(alert);
    await mine.ends();
    expect(mine.ids()).toEqual(idsOf([...ready.slice(1), delivered, alert]));
    expect(await server.log.lastOf(delivered.event.orderId)).toBe(5);
  });

  test('sends the alert to streams that start or resume in between', async () => {
    server = await openLogServer();
    await record(...ready, delivered);
    const [begun, back] = [await followOrder(delivered.order), await followOrder(delivered.order)];
    await Promise.all([begun.receives(1), back.receives(1)]);
    back.close();
    await record(alert);
    await begun.ends();
    expect(begun.ids()).toEqual([alert.event.id]);
    const again = await followOrder(delivered.order, back.events[0]!.id);
    await again.ends();
    expect(again.ids()).toEqual([alert.event.id]);
    expect((await followOrder(delivered.order, again.events[0]!.id)).status).toBe(204);
  });
});

test('sends one snapshot of an order that is final, and answers 204 to resuming', async () => {
  server = await openLogServer();
  const facts = orderFacts(['cancelled']);
  await record(...facts);
  const stream = await followOrder(facts[1]!.order);
  await stream.ends();
  expect(stream.events.map(({ event, data }) => [event, data.order.status])).toEqual([['snapshot', 'cancelled']]);
  expect((await followOrder(facts[1]!.order, stream.events[0]!.id)).status).toBe(204);
});

describe('after Postgres was restored or replaced', () => {
  /** Follows all orders until the snapshot. */
  async function snapshotOf(after?: string) {
    const board = await follow(server, '/', { after });
    const [snapshot] = await board.receives(1);
    return { board, snapshot: snapshot! };
  }

  test('streams end and start with a snapshot if the newest events are missing', async () => {
    server = await openLogServer();
    const allFacts = [orderFacts([]), orderFacts([]), orderFacts([])];
    await record(...allFacts.flat());
    const { board, snapshot } = await snapshotOf();
    await server.database('order_events').where({ order_id: allFacts[2]![0]!.event.orderId }).delete();
    await server.database('orders').where({ id: allFacts[2]![0]!.event.orderId }).delete();
    server.hub.wake();
    await board.ends();

    const back = await snapshotOf(snapshot.id);
    expect([back.snapshot.event, back.snapshot.data.orders.length]).toEqual(['snapshot', 2]);
    back.board.close();
  });

  test('streams end and start with a snapshot if a dump was loaded into a new table', async () => {
    server = await openLogServer();
    await record(...[orderFacts([]), orderFacts([])].flat());
    const { board, snapshot } = await snapshotOf();
    await server.database.raw('CREATE TABLE restored (LIKE order_events INCLUDING ALL)');
    await server.database.raw('INSERT INTO restored SELECT * FROM order_events');
    await server.database.raw('DROP TABLE order_events');
    await server.database.raw('ALTER TABLE restored RENAME TO order_events');
    server.hub.wake();
    await board.ends();

    const anew = await snapshotOf(snapshot.id);
    expect(anew.snapshot).toMatchObject({ event: 'snapshot', data: snapshot.data });
    expect(anew.snapshot.id).not.toBe(snapshot.id);
    const fresh = orderFacts([]);
    await record(...fresh);
    await anew.board.receives(2);
    expect(anew.board.ids()).toEqual(idsOf(fresh));
    anew.board.close();
  });

  // Operators run VACUUM FULL after restoring files, which streams cannot detect otherwise.
  test('streams end at VACUUM FULL', async () => {
    server = await openLogServer();
    await record(...orderFacts([]));
    const { board } = await snapshotOf();
    await server.database.raw('VACUUM FULL order_events');
    await board.ends();
  });
});

test('keeps streams open while Postgres does not answer and continues where they were', async () => {
  /** Reads of this many facts or more fail. */
  let failingFrom = Number.POSITIVE_INFINITY;
  const between = (log: EventLog): EventLog => ({
    ...log,
    read: (...query) => (query[1].limit >= failingFrom ? Promise.reject(new Error('unavailable')) : log.read(...query)),
  });
  server = await openLogServer({ between });
  const board = await follow(server, '/');
  await board.receives(1);
  failingFrom = 0;
  const facts = orderFacts(['preparation']);
  await record(...facts);
  await waitFor('The failed read', () => server.said.some((line) => line.includes('streams wait')), waitOptions);
  expect(board.end).toBe('open');

  const after = board.events[0]!.id;
  expect((await follow(server, '/', { after })).status).toBe(503);
  // A stream that had just begun also resumes.
  failingFrom = 1;
  await (await follow(server, '/', { after })).ends();

  failingFrom = Number.POSITIVE_INFINITY;
  await board.receives(3);
  expect(board.ids()).toEqual(idsOf(facts));
  board.close();
});

test('disconnects a reader that stops reading; the others get every event', async () => {
  server = await openLogServer();
  const [slow, board] = await Promise.all([follow(server, '/'), follow(server, '/')]);
  await Promise.all([slow.receives(1), board.receives(1)]);
  slow.pause();
  // Large orders: one read stays below a reader's allowed backlog, but all exceed the socket buffers.
  const line = aLine({ product: 'x'.repeat(25_000) });
  const facts = Array.from({ length: 700 }, () => orderFacts([], { lines: [line] })[0]!);
  for (let done = 0; done < facts.length; done += 10) await record(...facts.slice(done, done + 10));

  await waitFor('The cut', () => server.said.includes('a stream was cut off'), waitOptions);
  await board.receives(701);
  expect(board.ids()).toEqual(idsOf(facts));
  expect(server.said.filter((line) => line === 'a stream was cut off')).toHaveLength(1);
  for (const stream of [slow, board]) stream.close();
});

test('disconnects a blocked reader after 30 s, but not one without events', async () => {
  server = await openLogServer();
  const board = await follow(server, '/');
  // One snapshot larger than the socket buffers: the backlog limit applies only to later data.
  server.asks.order = orderFacts([], { note: 'x'.repeat(20_000_000) })[0]!.order;
  const stalled = await follow(server, '/');
  stalled.pause();
  const { now } = performance;
  let later = 0;
  performance.now = () => now.call(performance) + later;
  try {
    for (; later < 15_000; later += 3_000) {
      await setTimeout(UPKEEP_MS);
      expect(server.said).toEqual([]);
    }
    later += 15_000;
    await waitFor('The cut', () => server.said.includes('a stream was cut off'), waitOptions);
    await board.receives(1);
    expect([board.end, board.heartbeats > 0, server.said.length]).toEqual(['open', true, 1]);
  } finally {
    performance.now = now;
    for (const stream of [stalled, board]) stream.close();
  }
});

test('ends only the streams of a reader that loses access, as soon as this is known', async () => {
  server = await openLogServer({ heartbeat: 1 });
  const stays = await follow(server, '/');
  server.asks.stillMay = async () => false;
  server.asks.actor = { ...actors.manager, id: 'demoted' };
  const demoted = await follow(server, '/');
  server.streams.recheckAccess('demoted');
  await demoted.ends();
  await waitFor('Two heartbeats', () => stays.heartbeats >= 2, waitOptions);
  expect(stays.end).toBe('open');
  stays.close();
});

test('ends a stream when its token expires, but not when the access check fails', async () => {
  server = await openLogServer();
  server.asks.stillMay = async () => {
    throw new Error('unavailable');
  };
  server.asks.expiresAt = Date.now() + 60_000;
  server.asks.actor = { ...actors.manager, id: 'expiring' };
  const expiring = await follow(server, '/');
  server.streams.recheckAccess('expiring');
  await waitFor('The failed check', () => server.said.length > 0, waitOptions);
  expect(server.said).toContain('the access check of a stream failed; the stream stays open');
  expect(expiring.end).toBe('open');
  await withClockAhead(Date, 60_000, () => expiring.ends());
});

test('ends the stream of a reader that lost access without a notification', async () => {
  server = await openLogServer();
  const stays = await follow(server, '/');
  server.asks.stillMay = async () => false;
  const lost = await follow(server, '/');
  await lost.ends();
  expect(stays.end).toBe('open');
  stays.close();
});

test('ends all streams at once when the process stops, and starts no others', async () => {
  server = await openLogServer();
  const board = await follow(server, '/');
  server.streams.stop();
  await board.ends();
  await expect(server.streams.answer({ token: {}, caller: {} } as never)).rejects.toThrow('is stopping');
});

test('releases a client that disconnects before its stream starts', async () => {
  let begin = () => {};
  const held = new Promise<void>((resolve) => {
    begin = resolve;
  });
  let reads = 0;
  const between = (log: EventLog): EventLog => ({
    ...log,
    async snapshot(...args) {
      reads += 1;
      await held;
      return log.snapshot(...args);
    },
  });
  server = await openLogServer({ between, max: 1 });
  const leaving = request(server.url).on('error', () => undefined);
  leaving.end();
  await waitFor('The first read', () => reads === 1, waitOptions);
  leaving.destroy();
  const other = follow(server, '/');
  await waitFor('The second read', () => reads === 2, waitOptions);
  begin();

  const stream = await other;
  await stream.receives(1);
  expect((await follow(server, '/')).status).toBe(503);
  stream.close();
});
