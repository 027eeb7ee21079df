import { WorkflowNotFoundError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type { Fact, Order, OrderEvent } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { getOrderQuery, orderWorkflowType, workflowIdOf } from '../../workflows/messages/definitions.ts';
import { factsIn } from '../../workflows/messages/history.ts';
import { createDecode } from '../../workflows/payloads/data-converter.ts';
import { runRounds } from '../races/rounds.ts';
import type { ChaosShop } from './chaos-shop.ts';
import type { FaultRecord } from './driver.ts';
import type { EventReader } from './event-readers.ts';
import type { Mail } from './mail-catcher.ts';
import type { Operation } from './operation-log.ts';

/** A row of `orders`. */
export interface OrderRow {
  id: string;
  status: Status;
  version: number;
  snapshot: Order;
}

/** A row of `order_events`. */
export interface EventRow {
  id: string;
  order_id: string;
  version: number;
  event: OrderEvent;
  snapshot: Order;
}

/** A row of `deliveries`. */
export interface LedgerRow {
  event_id: string;
  channel: string;
  recipient: string;
  outcome: string;
  at: Date;
}

/** Temporal's record of an order. */
export interface WorkflowRecord {
  /** The number of workflows with this order's id. A workflow that continued as new counts once. */
  count: number;
  status: string;
  order: Order;
  /** The workflow's decisions, read from its history. */
  facts: Fact[];
}

/** The data that the invariants are checked against, after the shop has settled. */
export interface Evidence {
  operations: Operation[];
  faultRecords: FaultRecord[];
  orders: OrderRow[];
  /** In the order of their positions. */
  events: EventRow[];
  ledger: LedgerRow[];
  workflows: Map<string, WorkflowRecord>;
  /** The replay errors, by workflow id. */
  unreplayable: Map<string, string>;
  mails: Mail[];
  /** Email addresses by customer id. */
  addresses: Map<string, string>;
  ordersEmail: string;
  readers: EventReader[];
}

/** The histories of orders, by workflow id. */
export type Histories = Map<
  string,
  Awaited<ReturnType<ReturnType<ChaosShop['temporal']['workflow']['getHandle']>['fetchHistory']>>
>;

/** The number of parallel calls to Temporal. */
const CONCURRENCY = 4;

/** Returns the order id of each workflow of the shop. */
export async function listWorkflows({ temporal, taskQueue }: ChaosShop): Promise<string[]> {
  const query = `WorkflowType = '${orderWorkflowType}' AND TaskQueue = '${taskQueue}' AND ExecutionStatus != 'ContinuedAsNew'`;
  const ids: string[] = [];
  for await (const { workflowId } of temporal.workflow.list({ query }))
    ids.push(workflowId.slice(workflowIdOf('').length));
  return ids;
}

/** Fetches the histories of orders. */
export async function fetchHistories({ temporal }: ChaosShop, orderIds: string[]): Promise<Histories> {
  const histories: Histories = new Map();
  await runRounds({ concurrency: CONCURRENCY, rounds: orderIds.length }, async (number) => {
    const handle = temporal.workflow.getHandle(workflowIdOf(orderIds[number]!));
    histories.set(handle.workflowId, await handle.fetchHistory());
  });
  return histories;
}

/** Collects the evidence of a settled shop. */
export async function collectEvidence(
  shop: ChaosShop,
  known: Pick<Evidence, 'operations' | 'faultRecords' | 'readers'>,
  histories: Histories,
): Promise<Evidence> {
  const { database } = shop;
  const [orders, events, ledger, users] = await Promise.all([
    database('orders').select('id', 'status', 'version', 'snapshot'),
    database('order_events').select('id', 'order_id', 'version', 'event', 'snapshot').orderBy('position'),
    database('deliveries').select('event_id', 'channel', 'recipient', 'outcome', 'at'),
    database('users').select('id', 'email'),
  ]);
  return {
    ...known,
    orders,
    events,
    ledger,
    workflows: await readWorkflows(shop, histories),
    unreplayable: await replay(shop, histories),
    mails: shop.catcher.mails(),
    addresses: new Map(users.map(({ id, email }) => [id, email])),
    ordersEmail: shop.ordersEmail,
  };
}

async function readWorkflows(shop: ChaosShop, histories: Histories): Promise<Map<string, WorkflowRecord>> {
  const decode = createDecode(shop.temporal.workflow.options.loadedDataConverter);
  const listed = await listWorkflows(shop);
  const records = new Map<string, WorkflowRecord>();
  const ids = [...new Set(listed)];
  await runRounds({ concurrency: CONCURRENCY, rounds: ids.length }, async (number) => {
    const id = ids[number]!;
    const handle = shop.temporal.workflow.getHandle(workflowIdOf(id));
    try {
      const { status } = await handle.describe();
      const order: Order = status.name === 'COMPLETED' ? await handle.result() : await handle.query(getOrderQuery);
      const facts = await factsIn(histories.get(handle.workflowId)?.events ?? [], decode);
      records.set(id, { count: listed.filter((other) => other === id).length, status: status.name, order, facts });
    } catch (error) {
      // Temporal still lists a workflow for a while after its deletion.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  });
  return records;
}

/** The replay errors by the content of a history. They are cached, so that each history is replayed only once. */
const replayed = new Map<string, string | undefined>();

async function replay({ bundlePath }: ChaosShop, histories: Histories): Promise<Map<string, string>> {
  const contents = new Map([...histories].map(([workflowId, history]) => [workflowId, JSON.stringify(history)]));
  const all = [...histories].map(([workflowId, history]) => ({ workflowId, history }));
  const unknown = all.filter(({ workflowId }) => !replayed.has(contents.get(workflowId)!));
  const options = { workflowBundle: { codePath: bundlePath } };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, unknown)) {
    replayed.set(contents.get(workflowId)!, error?.message);
  }
  const unreplayable = all.map(({ workflowId }) => [workflowId, replayed.get(contents.get(workflowId)!)] as const);
  return new Map(unreplayable.filter((each): each is readonly [string, string] => each[1] !== undefined));
}
