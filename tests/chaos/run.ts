import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '../../config/environment.ts';
import { limitTime, numberIn, runStoppable } from '../stoppable-command.ts';
import { type FinishedRun, runChaos } from './chaos.ts';
import type { Evidence } from './evidence.ts';
import type { Violation } from './invariants/violation.ts';
import { writeReport } from './report.ts';
import { sabotages } from './sabotage.ts';

// `make chaos`: injects faults while users order, then checks the invariants of docs/chaos.md. SEED= and MINUTES= set the run.
// SABOTAGE= breaks one invariant at the end, to test the checks. KEEP=1 keeps the evidence of a clean run.

const MINUTE_MS = 60_000;

/** The time limit for start, settling and checks, in ms. */
const OVERHEAD_MS = 10 * MINUTE_MS;

await runStoppable(async (stopping) => {
  const seed = Math.floor(numberIn('SEED', Math.floor(Math.random() * 2 ** 31)));
  const minutes = numberIn('MINUTES', 3);
  const sabotage = process.env.SABOTAGE;
  if (sabotage && !sabotages[sabotage]) {
    throw new ConfigurationError(`SABOTAGE is ${sabotage}: it must be one of ${Object.keys(sabotages).join(', ')}.`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'crema-chaos-'));
  const driverLog: string[] = [];
  const log = (line: string) => {
    driverLog.push(line);
    console.log(line);
  };
  limitTime(stopping, minutes * MINUTE_MS + OVERHEAD_MS, 'The chaos run took too long.');
  console.log(`SEED=${seed} MINUTES=${minutes}${sabotage ? ` SABOTAGE=${sabotage}` : ''}`);
  let finishedRun: FinishedRun | undefined;
  let keep = true;
  try {
    finishedRun = await runChaos({
      seed,
      ms: minutes * MINUTE_MS,
      customers: 5,
      baristas: 2,
      managers: 3,
      folder,
      fetchTools: true,
      log,
      signal: stopping.signal,
    });
    if (sabotage) await sabotages[sabotage]!.commit(finishedRun);
    const { evidence, violations } = await finishedRun.checkInvariants();
    console.log(`\n${writeReport(evidence, violations)}\n`);
    for (const { invariant, what } of violations.slice(0, 30)) console.log(`  invariant ${invariant}: ${what}`);
    keep = violations.length > 0 || Boolean(process.env.KEEP);
    if (keep) writeEvidence(folder, finishedRun, evidence, violations, driverLog);
    process.exitCode = violations.length > 0 ? 1 : 0;
    console.log(
      violations.length > 0
        ? `${violations.length} violations with SEED=${seed}.`
        : `All invariants hold with SEED=${seed}.`,
    );
  } finally {
    await finishedRun?.close();
    if (keep) console.log(`Evidence: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
});

/** Writes the evidence to the folder, beside the logs. */
function writeEvidence(
  folder: string,
  { histories }: FinishedRun,
  evidence: Evidence,
  violations: Violation[],
  driverLog: string[],
): void {
  const { operations, orders, events, ledger, workflows, mails, readers, faultRecords } = evidence;
  const lines = (items: readonly unknown[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('');
  const into = (name: string, text: string) => writeFileSync(join(folder, name), text);
  into('violations.jsonl', lines(violations));
  into('driver.log', `${driverLog.join('\n')}\n`);
  into('faultRecords.jsonl', lines(faultRecords));
  into('clients.jsonl', lines(operations));
  into('orders.jsonl', lines(orders));
  into('order-events.jsonl', lines(events));
  into('deliveries.jsonl', lines(ledger));
  into('mails-taken.jsonl', lines(mails));
  into('readers.json', JSON.stringify(readers.map(({ name, seen, errors }) => ({ name, seen, errors }))));
  into(
    'workflows.jsonl',
    lines([...workflows].map(([id, { status, order, facts }]) => ({ id, status, order, facts }))),
  );
  mkdirSync(join(folder, 'histories'));
  for (const [workflowId, history] of histories) into(join('histories', `${workflowId}.json`), JSON.stringify(history));
}
