import { setTimeout as delay } from 'node:timers/promises';
import { type ChaosShop, openChaosShop } from './chaos-shop.ts';
import { type Client, createClient } from './client.ts';
import type { Intent } from './client-log.ts';
import { drive, type Probe, type Strike } from './driver.ts';
import { type EventReader, listenToRedis, readLog } from './event-readers.ts';
import { collectEvidence, type Evidence, fetchHistories, listWorkflows } from './evidence.ts';
import { type Fault, faultsOf } from './faults.ts';
import { type Violation, violationsIn } from './invariants.ts';
import { beCustomer, beManager, closeShop } from './people.ts';
import { createRandom, type Random } from './random.ts';
import { DRIVER, isAnsweredEnough, shareAnswered } from './report.ts';
import type { Scene } from './sabotage.ts';
import { settle } from './settle.ts';

/** A run of the chaos. */
export interface Trial {
  seed: number;
  /** How long people order and faults come, in ms. */
  ms: number;
  customers: number;
  managers: number;
  folder: string;
  /** See {@link openChaosShop}. */
  given?: Parameters<typeof openChaosShop>[0]['given'];
  /** Which faults to draw from. Default: all that this machine can do. */
  faults?: (fault: Fault) => boolean;
  log(line: string): void;
  signal: AbortSignal;
}

/** What is left when all is over: a shop at rest, to be looked at. */
export interface Aftermath extends Scene {
  strikes: Strike[];
  /** What was still missing when patience ended. */
  unsettled: string | undefined;
  /** Reads everything and holds it against the invariants; as often as one likes. */
  judge(): Promise<{ evidence: Evidence; violations: Violation[] }>;
  close(): Promise<void>;
}

/** After its load ends, a change may be asked for again for so long, in ms. */
const LAST_WORD_MS = 60_000;

/** How many of the accepted keys are tried again at the end, at most. */
const REPEATED = 150;

/** Percent of the open orders that stay open, as in any shop. */
const LEFT_OPEN = 20;

/** Opens a shop, lets people order in it while it is broken in every way, and waits until it has come to rest. */
export async function wreakHavoc(trial: Trial): Promise<Aftermath> {
  const { seed, folder, signal } = trial;
  const start = performance.now();
  const log = (line: string) => trial.log(`${((performance.now() - start) / 1_000).toFixed(1).padStart(7)} s  ${line}`);
  const shop = await openChaosShop({ folder, log, signal, ...(trial.given && { given: trial.given }) });
  try {
    for (const sentence of shop.missing) log(sentence);
    return await run(shop, trial, createRandom(seed), log);
  } catch (error) {
    await shop.close();
    throw error;
  }
}

async function run(shop: ChaosShop, trial: Trial, random: Random, log: (line: string) => void): Promise<Aftermath> {
  const intents: Intent[] = [];
  const strikes: Strike[] = [];
  const [stopping, giving] = [new AbortController(), new AbortController()];
  const giveUp = AbortSignal.any([giving.signal, trial.signal]);
  const stop = AbortSignal.any([stopping.signal, trial.signal]);
  const readers: EventReader[] = [
    readLog(shop.database),
    listenToRedis(shop.services.redis?.url ?? trial.given?.REDIS_URL ?? ''),
  ];

  const meet = async (who: string, role: 'customer' | 'manager', apis = shop.apis) =>
    createClient({ who, person: await shop.enroll(role), apis, log: intents, random: random.fork(), stop: giveUp });
  const each = <T>(count: number, make: (number: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, index) => make(index + 1)));
  const customers = await each(trial.customers, (number) => meet(`customer ${number}`, 'customer'));
  const managers = await each(trial.managers, (number) => meet(`manager ${number}`, 'manager'));
  const closer = await meet('closing manager', 'manager');
  const menu = await shop.database('products').where({ name: 'Tea' }).first('id');
  const probes = await each(
    shop.apis.length,
    async (number): Promise<Probe> => ({
      customer: await meet(DRIVER, 'customer', [shop.apis[number - 1]!]),
      manager: await meet(DRIVER, 'manager', [shop.apis[number - 1]!]),
      body: { lines: [{ productId: menu.id, quantity: 1 }] },
    }),
  );

  log(`${trial.customers} customers and ${trial.managers} managers come in`);
  const people = [
    ...customers.map((client) => beCustomer(client, random.fork(), stop)),
    ...managers.map((client) => beManager(client, random.fork(), stop)),
  ];
  const until = Date.now() + trial.ms;
  const faults = faultsOf(shop).filter(trial.faults ?? (() => true));
  const latest = setTimeout(() => giving.abort(), trial.ms + LAST_WORD_MS);
  try {
    await Promise.all([drive({ faults, probes, random: random.fork(), until, strikes, log }), delay(trial.ms)]);
    stopping.abort();
    log('nothing is broken any more, and nobody asks for anything new');
    await Promise.all(people);
    const open = await shop
      .database('orders')
      .whereNotIn('status', ['delivered', 'cancelled'])
      .orderBy('id')
      .select('id', 'status');
    await closeShop(closer, open, random.fork(), LEFT_OPEN);
  } finally {
    clearTimeout(latest);
  }
  trial.signal.throwIfAborted();
  await repeatAll(intents, random.fork());
  log('all is answered that will be; waiting until all is told');
  const unsettled = await settle(shop, intents);
  for (const reader of readers) await reader.stop();
  const histories = await fetchHistories(shop, [...new Set(await listWorkflows(shop))]);
  log('at rest');

  async function judge() {
    const evidence = await collectEvidence(shop, { intents, strikes, readers }, histories);
    const violations = violationsIn(evidence);
    if (unsettled) violations.push({ invariant: 1, class: 'stuck', what: unsettled });
    for (const { kind, target, recoveredAt } of strikes) {
      if (recoveredAt === undefined)
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

  return { shop, intents, readers, histories, strikes, unsettled, judge, close: shop.close };

  /** Some of what was accepted is asked for once more: the answer must be the one from then. */
  async function repeatAll(all: readonly Intent[], chance: Random): Promise<void> {
    const named = (role: string, of: Client[]) =>
      of.map((client, index): [string, Client] => [`${role} ${index + 1}`, client]);
    const clients = new Map([...named('customer', customers), ...named('manager', managers)]);
    const accepted = all.filter(
      ({ who, key, attempts }) =>
        clients.has(who) && key && attempts.some(({ status }) => status === 200 || status === 201),
    );
    for (const { who, kind, method, path, key, body, rightful } of chance.shuffled(accepted).slice(0, REPEATED)) {
      await clients.get(who)!.ask({ kind, method, path, key: key!, body, rightful });
    }
  }
}
