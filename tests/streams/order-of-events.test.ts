import type { EventLog } from '../../db/event-log.ts';
import { createJournal } from '../../db/journal.ts';
import { waitFor } from '../../stack/wait.ts';
import { follow } from './event-stream.ts';
import { orderFacts } from './facts.ts';
import { type LogServer, openLogServer } from './log-server.ts';

let server: LogServer;
afterEach(() => server?.close());

/** The number of facts that are committed while readers join and leave. */
const ALL = 150;

const waitOptions = { deadline: 20_000, every: 10 };

test('sends no event before an earlier one that is committed late', async () => {
  server = await openLogServer();
  const { database, journal, hub, url } = server;
  const board = await follow({ url }, '/');
  await board.receives(1);
  const [early, late] = [orderFacts([])[0]!, orderFacts([])[0]!];

  const transaction = await database.transaction();
  await createJournal(transaction).record(early);
  const waiting = journal.record(late);
  const turns = () => database('pg_locks').where({ locktype: 'advisory', granted: false });
  await waitFor('The other one to wait for its turn', async () => (await turns()).length > 0, waitOptions);
  hub.wake();
  await server.log.read(0, { limit: 1 });
  expect(board.ids()).toEqual([]);

  await transaction.commit();
  expect(await waiting).toBe('applied');
  await board.receives(3);
  expect(board.ids()).toEqual([early.event.id, late.event.id]);
  board.close();
});

test('readers get each event once, in order, when they join, leave and resume during commits', async () => {
  const ids: string[] = [];
  let commits = ALL;
  // Commits a fact during each read, so that each result is out of date.
  const between = (log: EventLog): EventLog => ({
    ...log,
    async read(...asked) {
      const page = await log.read(...asked);
      await commit();
      return page;
    },
    async snapshot(...asked) {
      const snapshot = await log.snapshot(...asked);
      await commit();
      return snapshot;
    },
  });
  server = await openLogServer({ between });
  const { journal, hub, url } = server;
  let turn = Promise.resolve();
  function commit(): Promise<void> {
    if (commits <= 0) return Promise.resolve();
    commits -= 1;
    turn = turn.then(async () => {
      const [fact] = orderFacts([]);
      await journal.record(fact!);
      ids.push(fact!.event.id);
      hub.wake();
    });
    return turn;
  }
  const isOver = () => ids.length === ALL;

  /** Returns the events of a reader that resumes repeatedly, each time after some events. */
  async function restless(): Promise<{ before: string[]; seen: string[] }> {
    let last: string | undefined;
    let before: string[] = [];
    const seen: string[] = [];
    for (let some = 0; ; some += 1) {
      const over = isOver();
      const stream = await follow({ url }, '/', { after: last });
      const [first] = await stream.receives(last === undefined || !over ? 1 : 0);
      if (first?.event === 'snapshot') before = first.data.orders.map((order: { id: string }) => `${order.id}:1`);
      const whole = () => before.length + seen.length + stream.ids().length >= ids.length;
      await waitFor('Some more', () => stream.events.length > some || (isOver() && whole()), waitOptions);
      stream.close();
      seen.push(...stream.ids());
      last = stream.events.at(-1)?.id ?? last;
      if (over && before.length + seen.length >= ids.length) return { before, seen };
    }
  }

  const steady = await follow({ url }, '/');
  for (const { before, seen } of await Promise.all(Array.from({ length: 10 }, restless))) {
    expect(new Set([...before, ...seen]).size).toBe(before.length + seen.length);
    expect(before.toSorted()).toEqual(ids.slice(0, before.length).toSorted());
    expect(seen).toEqual(ids.slice(before.length));
  }
  expect(isOver()).toBe(true);
  await waitFor('Everything', () => steady.ids().at(-1) === ids.at(-1), waitOptions);
  const { orders } = steady.events[0]!.data;
  expect(steady.ids()).toEqual(ids.slice(orders.length));
  steady.close();
}, 60_000);

test('sends all missed events page by page, then new ones', async () => {
  server = await openLogServer();
  const { journal, hub, url } = server;
  const board = await follow({ url }, '/');
  const last = (await board.receives(1))[0]!.id;
  board.close();
  const facts = Array.from({ length: 230 }, () => orderFacts([])[0]!);
  for (const fact of facts) await journal.record(fact);

  const back = await follow({ url }, '/', { after: last });
  await back.receives(230);
  const [fresh] = orderFacts([]);
  await journal.record(fresh!);
  hub.wake();
  await back.receives(231);
  expect(back.ids()).toEqual([...facts, fresh!].map(({ event }) => event.id));
  back.close();
});
