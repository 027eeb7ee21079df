import { setTimeout as delay } from 'node:timers/promises';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Role } from '../../domain/actor.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { runRounds } from '../races/rounds.ts';
import { type ChaosShop, openChaosShop } from './chaos-shop.ts';
import { type Client, createClient } from './client.ts';
import { type FaultRecord, injectFaults, type Probe } from './driver.ts';
import { type EventReader, listenToRedis, readLog, readStream, receiveWebhooks } from './event-readers.ts';
import { collectEvidence, type Evidence, fetchHistories, listWorkflows } from './evidence.ts';
import type { Fault } from './fault.ts';
import { faultsOf } from './faults.ts';
import { violationsIn } from './invariants/invariants.ts';
import type { Violation } from './invariants/violation.ts';
import { acceptedBy, type Operation } from './operation-log.ts';
import { createRandom, type Random } from './random.ts';
import { DRIVER, isAnsweredEnough, shareAnswered } from './report.ts';
import type { SettledShop } from './sabotage.ts';
import { waitUntilSettled } from './settle.ts';
import { actAsBarista, actAsCustomer, actAsManager, moveTo } from './simulated-users.ts';

/** The options of a chaos run. */
export interface RunOptions {
  seed: number;
  /** How long users send requests and faults happen, in ms. */
  ms: number;
  customers: number;
  baristas: number;
  managers: number;
  folder: string;
  /** See {@link openChaosShop}. */
  given?: Parameters<typeof openChaosShop>[0]['given'];
  /** Whether missing tools may be installed: Toxiproxy, faketime. */
  fetchTools: boolean;
  /** Selects faults. Default: all that this machine can cause. */
  faults?: (fault: Fault) => boolean;
  log(line: string): void;
  signal: AbortSignal;
}

/** A settled shop after the run. */
export interface FinishedRun extends SettledShop {
  faultRecords: FaultRecord[];
  /** Collects all evidence and checks the invariants. Can be called repeatedly. */
  checkInvariants(): Promise<{ evidence: Evidence; violations: Violation[] }>;
  close(): Promise<void>;
}

/** How long requests are retried after the load has ended, in ms. */
const RETRY_AFTER_LOAD_MS = 180_000;

/** How many accepted requests are repeated at the end, at most. */
const REPEATED = 150;

/** The share of open orders that stays open. */
const LEFT_OPEN = 0.2;

/** The number of parallel requests at the end. */
const CONCURRENCY = 4;

/** Starts a shop, runs users and faults at the same time, and waits until the shop has settled. */
export async function runChaos(options: RunOptions): Promise<FinishedRun> {
  const { seed, folder, signal, given, fetchTools } = options;
  // Log only errors, because replays log much, above all the replays of falsified histories.
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  const telemetryOptions = { logging: { filter, forward: {} } };
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions });
  const start = performance.now();
  const log = (line: string) =>
    options.log(`${((performance.now() - start) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
  const shop = await openChaosShop({ folder, log, signal, fetchTools, ...(given && { given }) });
  try {
    for (const sentence of shop.missing) log(sentence);
    return await run(shop, options, createRandom(seed), log);
  } catch (error) {
    await shop.close();
    throw error;
  }
}

async function run(
  shop: ChaosShop,
  options: RunOptions,
  random: Random,
  log: (line: string) => void,
): Promise<FinishedRun> {
  const operations: Operation[] = [];
  const faultRecords: FaultRecord[] = [];
  const [stopping, giving] = [new AbortController(), new AbortController()];
  const giveUp = AbortSignal.any([giving.signal, options.signal]);
  const stop = AbortSignal.any([stopping.signal, options.signal]);
  const readers: EventReader[] = [
    readLog(shop.database),
    // A shared Redis also publishes the orders of other shops.
    ...(shop.services.redis ? [listenToRedis(shop.services.redis.url)] : []),
    await readStream(shop.apis, await shop.createAccount('manager'), random.fork()),
    await receiveWebhooks(shop.apis[0]!, await shop.createAccount('manager')),
  ];

  const { clients, customers, baristas, managers, probes } = await createUsers(
    shop,
    options,
    operations,
    random,
    giveUp,
  );

  log(`${options.customers} customers, ${options.baristas} baristas and ${options.managers} managers start`);
  const acting = [
    ...customers.map((client) => actAsCustomer(client, random.fork(), stop)),
    ...baristas.map((client) => actAsBarista(client, random.fork(), stop)),
    ...managers.map((client) => actAsManager(client, random.fork(), stop)),
  ];
  const until = Date.now() + options.ms;
  const faults = faultsOf(shop).filter(options.faults ?? (() => true));
  // Requests without an answer are given up at this time.
  const latest = setTimeout(() => giving.abort(), options.ms + RETRY_AFTER_LOAD_MS);
  try {
    await Promise.all([
      injectFaults({ faults, probes, random: random.fork(), until, faultRecords, log }),
      delay(options.ms),
    ]);
    stopping.abort();
    log('no more faults and no new requests');
    await Promise.all(acting);
    await closeShop(managers, shop.database, random.fork());
    await repeatSome(clients, operations, random.fork());
  } catch (error) {
    // The users must stop before the shop does.
    stopping.abort();
    giving.abort();
    throw error;
  } finally {
    clearTimeout(latest);
  }
  options.signal.throwIfAborted();
  log('all requests are answered; waiting until the shop has settled');
  const unsettled = await waitUntilSettled(shop, operations);
  for (const reader of readers) await reader.stop();
  const histories = await fetchHistories(shop, [...new Set(await listWorkflows(shop))]);
  log('settled');

  async function checkInvariants() {
    const evidence = await collectEvidence(shop, { operations, faultRecords, readers }, histories);
    return { evidence, violations: [...violationsIn(evidence), ...violationsOfRun(evidence, unsettled)] };
  }

  return { shop, operations, clients, readers, histories, faultRecords, checkInvariants, close: shop.close };
}

/** Creates the clients of customers, baristas and managers, and a probe for each API. */
async function createUsers(
  shop: ChaosShop,
  options: RunOptions,
  operations: Operation[],
  random: Random,
  stop: AbortSignal,
) {
  const clients = new Map<string, Client>();
  const addUser = async (who: string, role: Role, apis = shop.apis) => {
    const account = await shop.createAccount(role);
    const client = createClient({ who, account, apis, log: operations, random: random.fork(), stop });
    if (who !== DRIVER) clients.set(who, client);
    return client;
  };
  const each = <T>(count: number, make: (number: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, index) => make(index + 1)));
  const customers = await each(options.customers, (number) => addUser(`customer ${number}`, 'customer'));
  const baristas = await each(options.baristas, (number) => addUser(`barista ${number}`, 'barista'));
  const managers = await each(options.managers, (number) => addUser(`manager ${number}`, 'manager'));
  const product = await shop.database('products').where({ name: 'Tea' }).first('id');
  const probes = await each(
    shop.apis.length,
    async (number): Promise<Probe> => ({
      customer: await addUser(DRIVER, 'customer', [shop.apis[number - 1]!]),
      manager: await addUser(DRIVER, 'manager', [shop.apis[number - 1]!]),
      body: { lines: [{ productId: product.id, quantity: 1 }] },
    }),
  );
  return { clients, customers, baristas, managers, probes };
}

/** Repeats some accepted requests. Their answers must be the same as before. */
async function repeatSome(clients: Map<string, Client>, operations: Operation[], random: Random): Promise<void> {
  const accepted = operations.filter(
    (operation) => clients.has(operation.who) && operation.key && acceptedBy(operation),
  );
  const chosen = random.shuffled(accepted).slice(0, REPEATED);
  await runRounds({ concurrency: CONCURRENCY, rounds: chosen.length }, async (number) => {
    const { who, kind, method, path, key, body, expected } = chosen[number]!;
    await clients.get(who)!.ask({ kind, method, path, key: key!, body, expected });
  });
}

/** Returns the violations that the invariants do not cover: a shop that does not settle or recover, and too few answers. */
function violationsOfRun(evidence: Evidence, unsettled: string | undefined): Violation[] {
  const stuck = (what: string): Violation => ({ invariant: 1, class: 'stuck', what });
  const violations = evidence.faultRecords
    .filter(({ recovery }) => recovery === undefined)
    .map(({ kind, target }) => stuck(`no recovery after ${kind}: ${target}`));
  if (unsettled) violations.unshift(stuck(unsettled));
  if (!isAnsweredEnough(evidence)) {
    const what = `only ${shareAnswered(evidence)} of the requests outside faults were answered`;
    violations.push({ invariant: 1, class: 'other', what });
  }
  return violations;
}

/** Delivers most open orders, and leaves some in preparation. */
async function closeShop(managers: Client[], database: ChaosShop['database'], random: Random): Promise<void> {
  const open = database('orders').whereNotIn('status', ['delivered', 'cancelled']).orderBy('id');
  const orders: { id: string; status: Status }[] = await open.select('id', 'status');
  const ends = orders.map(() => (random.chance(LEFT_OPEN) ? 'preparation' : 'delivered'));
  await runRounds({ concurrency: managers.length, rounds: orders.length }, (number, slot) =>
    moveTo(managers[slot]!, orders[number]!, ends[number]!),
  );
}
