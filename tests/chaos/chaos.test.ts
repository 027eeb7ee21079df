import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyDatabase } from '../test-services.ts';
import { type FinishedRun, runChaos } from './chaos.ts';
import { sabotages } from './sabotage.ts';

// `make chaos` in small: the shared services stay whole, the rest is killed, frozen and cut off. Above all it shows that
// the checker would see what it must never see.

const folder = mkdtempSync(join(tmpdir(), 'crema-chaos-'));
const log: string[] = [];
let finishedRun: FinishedRun;

beforeAll(async () => {
  const { TEMPORAL_ADDRESS, REDIS_URL } = process.env;
  finishedRun = await runChaos({
    seed: 1,
    ms: 7_000,
    customers: 2,
    managers: 2,
    folder,
    fetchTools: false,
    given: { DATABASE_URL: await copyDatabase(), TEMPORAL_ADDRESS, REDIS_URL },
    faults: ({ kind }) => ['kill', 'freeze'].includes(kind),
    log: (line) => log.push(line),
    signal: AbortSignal.timeout(120_000),
  });
}, 150_000);
afterAll(async () => {
  await finishedRun?.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

test('When a shop was broken while people ordered in it, then all that was promised holds', async () => {
  const { evidence, violations } = await finishedRun.checkInvariants();

  expect(violations).toEqual([]);
  expect(evidence.faultRecords.length).toBeGreaterThan(0);
  expect(evidence.orders.length).toBeGreaterThan(5);
  expect(evidence.mails.length).toBeGreaterThanOrEqual(evidence.events.length);
});

test.each(Object.entries(sabotages))(
  'When there is a %s, then it is noticed',
  async (_, { invariant, commit }) => {
    const undo = await commit(finishedRun);
    const { violations } = await finishedRun.checkInvariants();
    await undo?.();

    expect(violations.map((violation) => violation.invariant)).toContain(invariant);
  },
  60_000,
);

test('When all of that is put right again but the workflow that is gone, then nothing else is noticed', async () => {
  const { violations } = await finishedRun.checkInvariants();

  const lost = violations.find(({ what }) => what.endsWith('has no workflow'))?.what.slice(0, 36);
  expect(lost).toBeDefined();
  expect(violations.filter(({ what }) => !what.includes(lost!))).toEqual([]);
});
