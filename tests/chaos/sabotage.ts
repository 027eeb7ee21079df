import { randomUUID } from 'node:crypto';
import { waitFor } from '../../stack/wait.ts';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import type { ChaosShop } from './chaos-shop.ts';
import type { Client, OperationRequest } from './client.ts';
import type { EventReader } from './event-readers.ts';
import { type EventRow, type Histories, listWorkflows } from './evidence.ts';
import { acceptedBy, isRefused, type Operation } from './operation-log.ts';

/** A settled shop, which can be sabotaged. */
export interface SettledShop {
  shop: ChaosShop;
  operations: Operation[];
  /** By name, without the driver's. */
  clients: Map<string, Client>;
  readers: EventReader[];
  histories: Histories;
}

/** A deliberate violation in the data, which the checks must find. */
export interface Sabotage {
  /** The number of the invariant that the sabotage breaks, as in docs/chaos.md. */
  invariant: number;
  what: string;
  /** @returns a function that undoes the sabotage; undefined for a deleted workflow, which cannot be restored */
  commit(shop: SettledShop): Promise<(() => Promise<unknown>) | undefined>;
}

/** By the value of `SABOTAGE=`. */
export const sabotages: Record<string, Sabotage> = {
  'lost-row': {
    invariant: 1,
    what: 'an order that was acknowledged has no row',
    async commit({ shop: { database } }) {
      const [row] = await database('orders').orderBy('id').limit(1);
      await database('orders').where({ id: row.id }).delete();
      return () => database('orders').insert(asJson(row, 'snapshot'));
    },
  },
  'doubled-order': {
    invariant: 1,
    what: 'a retry has placed a second order',
    async commit({ shop: { database } }) {
      const [row] = await database('orders').orderBy('id').limit(1);
      const [event] = await database('order_events').where({ order_id: row.id, version: 1 }).limit(1);
      const id = randomUUID();
      const position = await nextPosition(database);
      await database('orders').insert({ ...asJson(row, 'snapshot'), id });
      await database('order_events').insert({
        ...asJson(event, 'event', 'snapshot'),
        id: `${id}:1`,
        order_id: id,
        position,
      });
      return async () => {
        await database('order_events').where({ order_id: id }).delete();
        await database('orders').where({ id }).delete();
      };
    },
  },
  'row-ahead': {
    invariant: 2,
    what: 'a row shows a state that its workflow has not decided',
    async commit({ shop: { database } }) {
      const [row] = await database('orders').where({ status: 'delivered' }).orderBy('id').limit(1);
      const snapshot = { ...row.snapshot, status: 'ready', version: row.version + 1 };
      const change = { status: 'ready', version: row.version + 1, snapshot: JSON.stringify(snapshot) };
      await database('orders').where({ id: row.id }).update(change);
      return () => database('orders').where({ id: row.id }).update(asJson(row, 'snapshot'));
    },
  },
  'lost-event': {
    invariant: 2,
    what: 'the log lacks a version',
    async commit({ shop: { database } }) {
      const [row] = await database('order_events').where({ version: 2 }).orderBy('id').limit(1);
      await database('order_events').where({ id: row.id }).delete();
      return () => database('order_events').insert(asJson(row, 'event', 'snapshot'));
    },
  },
  'row-went-back': {
    invariant: 2,
    what: 'a row shows an earlier version than it has shown before',
    async commit({ shop: { database }, clients, operations }) {
      const [row] = await database('orders').where({ status: 'delivered' }).orderBy('id').limit(1);
      const [first] = await database('order_events').where({ order_id: row.id, version: 1 }).limit(1);
      const before = { status: 'waiting', version: 1, snapshot: JSON.stringify(first.snapshot) };
      await database('orders').where({ id: row.id }).update(before);
      await clients.get('manager 1')!.ask({ kind: 'read', method: 'GET', path: `/v1/orders/${row.id}` });
      await database('orders').where({ id: row.id }).update(asJson(row, 'snapshot'));
      return async () => operations.pop();
    },
  },
  'lost-name': {
    invariant: 2,
    what: 'an order from the counter has lost its name',
    async commit({ shop: { database }, clients, operations }) {
      const [row] = await database('customer_names').whereNotNull('name').orderBy('order_id').limit(1);
      const { order_id, name } = row;
      const names = () => database('customer_names').where({ order_id });
      await names().update({ name: null });
      await clients.get('manager 1')!.ask({ kind: 'read', method: 'GET', path: `/v1/orders/${order_id}` });
      await names().update({ name });
      return async () => operations.pop();
    },
  },
  'illegal-move': {
    invariant: 3,
    what: 'an order went from waiting to delivered',
    commit: ({ shop }) =>
      falsify(shop, { version: 2, type: 'order.status_changed' }, ({ event }) => ({
        event: { ...event, to: 'delivered' },
      })),
  },
  'lost-mail': {
    invariant: 4,
    what: 'an email that was sent has not arrived',
    async commit({ shop: { catcher } }) {
      const mails = catcher.mails();
      const once = mails.find(
        ({ eventId, to }) => mails.filter((mail) => mail.eventId === eventId && mail.to === to).length === 1,
      );
      catcher.replace(mails.filter((mail) => mail !== once));
      return async () => catcher.replace(mails);
    },
  },
  'doubled-mail': {
    invariant: 4,
    what: 'an email was sent again without need',
    async commit({ shop: { catcher } }) {
      const mails = catcher.mails();
      // Copies the last email, which was sent after all faults.
      catcher.replace([...mails, { ...mails.at(-1)!, startedAt: Date.now(), receivedAt: Date.now() }]);
      return async () => catcher.replace(mails);
    },
  },
  'unexplained-mail': {
    invariant: 4,
    what: 'the ledger has no outcome of an email',
    async commit({ shop: { database } }) {
      const [row] = await database('deliveries').where({ channel: 'email' }).orderBy('event_id').limit(1);
      const { event_id, channel, recipient } = row;
      await database('deliveries').where({ event_id, channel, recipient }).delete();
      return () => database('deliveries').insert(row);
    },
  },
  'wrong-total': {
    invariant: 5,
    what: 'an order costs one cent more than its lines',
    commit: ({ shop }) =>
      falsify(shop, { version: 1 }, ({ snapshot }) => ({
        snapshot: { ...snapshot, total: { ...snapshot.total, amount: snapshot.total.amount + 1 } },
      })),
  },
  'refused-and-done': {
    invariant: 6,
    what: 'a request that was refused has changed an order',
    async commit({ shop, operations }) {
      const refused = operations
        .filter(({ kind }) => kind !== 'read')
        .flatMap(({ attempts }) => attempts)
        .find(isRefused)!;
      return falsify(shop, { version: 2 }, ({ event }) => ({ event: { ...event, requestId: refused.requestId } }));
    },
  },
  'mistaken-key': {
    invariant: 6,
    what: 'an accepted key gets another answer',
    async commit({ shop: { database }, clients, operations }) {
      const closed: string[] = await database('orders').where({ status: 'delivered' }).pluck('id');
      const accepted = operations.find(
        (operation) =>
          operation.kind === 'move' &&
          clients.has(operation.who) &&
          closed.includes(orderOf(operation)) &&
          acceptedBy(operation),
      )!;
      const requests = accepted.attempts.map(({ requestId }) => requestId);
      const [row] = await database('order_events').whereRaw("event ->> 'requestId' = ANY(?)", [requests]);
      const otherKey = { ...row.event.key, fingerprint: 'of another request' };
      const mistaken = JSON.stringify({ ...row.event, key: otherKey });
      await database('order_events').where({ id: row.id }).update({ event: mistaken });
      const { who, attempts: _, ...request } = accepted;
      await clients.get(who)!.ask(request as OperationRequest);
      await database('order_events')
        .where({ id: row.id })
        .update({ event: JSON.stringify(row.event) });
      return async () => operations.pop();
    },
  },
  'broken-replay': {
    invariant: 7,
    what: 'a history does not replay',
    async commit({ histories }) {
      const scheduled = [...histories.values()]
        .flatMap(({ events }) => events ?? [])
        .find(({ activityTaskScheduledEventAttributes: activity }) => activity)!;
      const activityType = scheduled.activityTaskScheduledEventAttributes!.activityType!;
      const { name } = activityType;
      activityType.name = 'somethingElse';
      return async () => {
        activityType.name = name!;
      };
    },
  },
  'skipped-event': {
    invariant: 8,
    what: 'a reader never saw an event',
    async commit({ readers }) {
      const { seen } = streamOf(readers);
      const place = Math.floor(seen.length / 2);
      const [skipped] = seen.splice(place, 1);
      return async () => {
        seen.splice(place, 0, skipped!);
      };
    },
  },
  'repeated-event': {
    invariant: 8,
    what: 'a reader saw an event again',
    async commit({ readers }) {
      const { seen } = streamOf(readers);
      seen.push(seen[0]!);
      return async () => {
        seen.pop();
      };
    },
  },
  'events-out-of-order': {
    invariant: 8,
    what: 'a reader saw two events in the wrong order',
    async commit({ readers }) {
      const { seen } = streamOf(readers);
      seen.push(seen.shift()!);
      return async () => {
        seen.unshift(seen.pop()!);
      };
    },
  },
  'lost-workflow': {
    invariant: 1,
    what: 'an order that was acknowledged has no workflow',
    async commit({ shop }) {
      const { database, temporal } = shop;
      const [{ id }] = await database('orders').where({ status: 'delivered' }).orderBy('id', 'desc').limit(1);
      const workflowExecution = { workflowId: workflowIdOf(id) };
      await temporal.workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution });
      // Temporal deletes asynchronously.
      const isGone = async () => !(await listWorkflows(shop)).includes(id);
      await waitFor('The end of the workflow', isGone, { deadline: 40_000 });
      return undefined;
    },
  },
};

const streamOf = (readers: EventReader[]): EventReader => readers.find(({ name }) => name === 'the event stream')!;

const orderOf = ({ path }: Operation): string => path.split('/')[3] ?? '';

/** Rewrites one event in the database. */
async function falsify(
  { database }: ChaosShop,
  which: { version: number; type?: string },
  change: (row: EventRow) => Partial<Record<'event' | 'snapshot', object>>,
): Promise<() => Promise<unknown>> {
  const { version, type } = which;
  const rows = database('order_events').where({ version }).orderBy('id').limit(1);
  const [row] = await (type ? rows.whereRaw("event ->> 'type' = ?", [type]) : rows);
  const update = (columns: object) => database('order_events').where({ id: row.id }).update(columns);
  const changed = change(row);
  await update(asJson(changed, ...(Object.keys(changed) as ('event' | 'snapshot')[])));
  return () => update(asJson({ event: row.event, snapshot: row.snapshot }, 'event', 'snapshot'));
}

/** Serializes JSON columns, because knex would insert an array as a Postgres array. */
const asJson = <Row extends object>(row: Row, ...columns: (keyof Row)[]): Row => ({
  ...row,
  ...Object.fromEntries(columns.map((column) => [column, JSON.stringify(row[column])])),
});

async function nextPosition(database: ChaosShop['database']): Promise<number> {
  const newest = await database('order_events').max({ position: 'position' }).first();
  return Number(newest?.position) + 1;
}
