import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Channel, channelOf } from '../../domain/order/channel.ts';
import { copyDatabase } from '../databases.ts';
import { type FinishedRun, runChaos } from './chaos.ts';
import { sabotages } from './sabotage.ts';

// A short `make chaos`. The shared services stay unharmed, the others are killed and frozen. Each sabotage then shows that the checks
// find a violation.

const folder = mkdtempSync(join(tmpdir(), 'crema-chaos-'));
const log: string[] = [];
let finishedRun: FinishedRun;

beforeAll(async () => {
  const { TEMPORAL_ADDRESS, REDIS_URL, WORKFLOW_BUNDLE } = process.env;
  finishedRun = await runChaos({
    seed: 1,
    ms: 7_000,
    customers: 2,
    baristas: 1,
    managers: 2,
    folder,
    fetchTools: false,
    given: { DATABASE_URL: await copyDatabase(), TEMPORAL_ADDRESS, REDIS_URL, WORKFLOW_BUNDLE },
    faults: ({ kind }) => ['kill', 'freeze'].includes(kind),
    log: (line) => log.push(line),
    signal: AbortSignal.timeout(120_000),
  });
}, 150_000);
afterAll(async () => {
  await finishedRun?.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

test('keeps all invariants while faults happen', async () => {
  const { evidence, violations } = await finishedRun.checkInvariants();

  expect(violations).toEqual([]);
  expect(evidence.faultRecords.length).toBeGreaterThan(0);
  const ordersOf = (channel: Channel) => evidence.orders.filter(({ snapshot }) => channelOf(snapshot) === channel);
  expect(ordersOf('online').length).toBeGreaterThan(5);
  expect(ordersOf('counter').length).toBeGreaterThan(0);
  const online = evidence.events.filter(({ snapshot }) => channelOf(snapshot) === 'online');
  expect(evidence.mails.length).toBeGreaterThanOrEqual(online.length);
});

test.each(Object.entries(sabotages))(
  'finds the violation %s',
  async (_, { invariant, commit }) => {
    const undo = await commit(finishedRun);
    const { violations } = await finishedRun.checkInvariants();
    await undo?.();

    expect(violations.map((violation) => violation.invariant)).toContain(invariant);
  },
  60_000,
);

test('finds only the deleted workflow after all other violations are undone', async () => {
  const { violations } = await finishedRun.checkInvariants();

  const lost = violations.find(({ what }) => what.endsWith('has no workflow'))?.what.slice(0, 36);
  expect(lost).toBeDefined();
  expect(violations.filter(({ what }) => !what.includes(lost!))).toEqual([]);
});
