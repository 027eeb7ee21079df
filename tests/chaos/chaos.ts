import { setTimeout as delay } from 'node:timers/promises';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Status } from '../../domain/order/transitions.ts';
import { inLanes } from '../races/lanes.ts';
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
import { actAsCustomer, actAsManager, moveTo } from './simulated-users.ts';

/** A run of the chaos. */
export interface RunOptions {
  seed: number;
  /** How long people order and faults come, in ms. */
  ms: number;
  customers: number;
  managers: number;
  folder: string;
  /** See {@link openChaosShop}. */
  given?: Parameters<typeof openChaosShop>[0]['given'];
  /** Whether tools that are missing may be fetched: Toxiproxy, faketime. */
  fetchTools: boolean;
  /** Which faults to draw from. Default: all that this machine can do. */
  faults?: (fault: Fault) => boolean;
  log(line: string): void;
  signal: AbortSignal;
}

/** What is left when all is over: a shop at rest, to be looked at. */
export interface FinishedRun extends SettledShop {
  faultRecords: FaultRecord[];
  /** Reads everything and holds it against the invariants; as often as one likes. */
  checkInvariants(): Promise<{ evidence: Evidence; violations: Violation[] }>;
  close(): Promise<void>;
}

/** After its load ends, a change may be asked for again for so long, in ms. */
const LAST_WORD_MS = 180_000;

/** How many of the accepted keys are tried again at the end, at most. */
const REPEATED = 150;

/** Which part of the open orders stays open, as in any shop. */
const LEFT_OPEN = 0.2;

/** Requests at once where many are due at the end. */
const LANES = 4;

/** Opens a shop, lets people order in it while it is broken in every way, and waits until it has come to rest. */
export async function runChaos(options: RunOptions): Promise<FinishedRun> {
  const { seed, folder, signal, given, fetchTools } = options;
  // It says much of every history that is replayed, and of those that are tampered with even more.
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
    // On a Redis that others use as well, one would hear of their orders, too.
    ...(shop.services.redis ? [listenToRedis(shop.services.redis.url)] : []),
    await readStream(shop.apis, await shop.createAccount('manager'), random.fork()),
    await receiveWebhooks(shop.apis[0]!, await shop.createAccount('manager')),
  ];

  const clients = new Map<string, Client>();
  const meet = async (who: string, role: 'customer' | 'manager', apis = shop.apis) => {
    const account = await shop.createAccount(role);
    const client = createClient({ who, account, apis, log: operations, random: random.fork(), stop: giveUp });
    if (who !== DRIVER) clients.set(who, client);
    return client;
  };
  const each = <T>(count: number, make: (number: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, index) => make(index + 1)));
  const customers = await each(options.customers, (number) => meet(`customer ${number}`, 'customer'));
  const managers = await each(options.managers, (number) => meet(`manager ${number}`, 'manager'));
  const menu = await shop.database('products').where({ name: 'Tea' }).first('id');
  const probes = await each(
    shop.apis.length,
    async (number): Promise<Probe> => ({
      customer: await meet(DRIVER, 'customer', [shop.apis[number - 1]!]),
      manager: await meet(DRIVER, 'manager', [shop.apis[number - 1]!]),
      body: { lines: [{ productId: menu.id, quantity: 1 }] },
    }),
  );

  log(`${options.customers} customers and ${options.managers} managers come in`);
  const people = [
    ...customers.map((client) => actAsCustomer(client, random.fork(), stop)),
    ...managers.map((client) => actAsManager(client, random.fork(), stop)),
  ];
  const until = Date.now() + options.ms;
  const faults = faultsOf(shop).filter(options.faults ?? (() => true));
  // A change that is not answered by then never is.
  const latest = setTimeout(() => giving.abort(), options.ms + LAST_WORD_MS);
  try {
    await Promise.all([
      injectFaults({ faults, probes, random: random.fork(), until, faultRecords, log }),
      delay(options.ms),
    ]);
    stopping.abort();
    log('nothing is broken any more, and nobody asks for anything new');
    await Promise.all(people);
    await closeShop(managers, shop.database, random.fork());
    await repeatAll(random.fork());
  } catch (error) {
    // Nobody goes on ordering in a shop that closes.
    stopping.abort();
    giving.abort();
    throw error;
  } finally {
    clearTimeout(latest);
  }
  options.signal.throwIfAborted();
  log('all is answered that will be; waiting until all is told');
  const unsettled = await waitUntilSettled(shop, operations);
  for (const reader of readers) await reader.stop();
  const histories = await fetchHistories(shop, [...new Set(await listWorkflows(shop))]);
  log('at rest');

  async function checkInvariants() {
    const evidence = await collectEvidence(shop, { operations, faultRecords, readers }, histories);
    const violations = violationsIn(evidence);
    if (unsettled) violations.push({ invariant: 1, class: 'stuck', what: unsettled });
    for (const { kind, target, recovery } of faultRecords) {
      if (recovery === undefined)
        violations.push({ invariant: 1, class: 'stuck', what: `nothing worked again after ${kind}: ${target}` });
    }
    if (!isAnsweredEnough(evidence)) {
      violations.push({
        invariant: 1,
        class: 'other',
        what: `only ${shareAnswered(evidence)} of the requests outside faults were answered`,
      });
    }
    return { evidence, violations };
  }

  return { shop, operations, clients, readers, histories, faultRecords, checkInvariants, close: shop.close };

  /** Some of what was accepted is asked for once more: the answer must be the one from then. */
  async function repeatAll(chance: Random): Promise<void> {
    const accepted = operations.filter(
      (operation) => clients.has(operation.who) && operation.key && acceptedBy(operation),
    );
    const chosen = chance.shuffled(accepted).slice(0, REPEATED);
    await inLanes({ lanes: LANES, rounds: chosen.length }, async (number) => {
      const { who, kind, method, path, key, body, expected } = chosen[number]!;
      await clients.get(who)!.ask({ kind, method, path, key: key!, body, expected });
    });
  }
}

/** Brings most orders to their end, as every evening, and leaves some where nothing more happens by itself. */
async function closeShop(managers: Client[], database: ChaosShop['database'], random: Random): Promise<void> {
  const open = database('orders').whereNotIn('status', ['delivered', 'cancelled']).orderBy('id');
  const orders: { id: string; status: Status }[] = await open.select('id', 'status');
  const ends = orders.map(() => (random.chance(LEFT_OPEN) ? 'preparation' : 'delivered'));
  await inLanes({ lanes: managers.length, rounds: orders.length }, (number, lane) =>
    moveTo(managers[lane]!, orders[number]!, ends[number]!),
  );
}
