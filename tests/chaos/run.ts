import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '../../config/environment.ts';
import { runCommand } from '../../config/run-command.ts';
import { StackError } from '../../stack/stack-error.ts';
import { type FinishedRun, runChaos } from './chaos.ts';
import type { Evidence } from './evidence.ts';
import type { Violation } from './invariants/violation.ts';
import { writeReport } from './report.ts';
import { sabotages } from './sabotage.ts';

// `make chaos`: a shop is broken in every way while people order in it; then it must be as if nothing had been (design §10).
// SEED=, MINUTES=; SABOTAGE= breaks one invariant at the end, which must be noticed. KEEP=1 keeps the evidence of a clean run.

const MINUTE_MS = 60_000;

/** Beyond its minutes, a run may take so long, in ms: to start, to come to rest, to be looked at. */
const BEYOND_MS = 10 * MINUTE_MS;

const number = (name: string, fallback: number): number => {
  const value = Number(process.env[name] || fallback);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ConfigurationError(`${name} is ${process.env[name]}: it must be a number from 0.`);
};

await runCommand(async () => {
  const seed = Math.floor(number('SEED', Math.floor(Math.random() * 2 ** 31)));
  const minutes = number('MINUTES', 3);
  const sabotage = process.env.SABOTAGE;
  if (sabotage && !sabotages[sabotage]) {
    throw new ConfigurationError(`SABOTAGE is ${sabotage}: there is ${Object.keys(sabotages).join(', ')}.`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'crema-chaos-'));
  const driverLog: string[] = [];
  const log = (line: string) => {
    driverLog.push(line);
    console.log(line);
  };
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stopping.abort(new StackError(`Stopped by ${name}.`)));
  }
  const late = setTimeout(
    () => stopping.abort(new StackError('The chaos took too long.')),
    minutes * MINUTE_MS + BEYOND_MS,
  );
  console.log(`SEED=${seed} MINUTES=${minutes}${sabotage ? ` SABOTAGE=${sabotage}` : ''}`);
  let finishedRun: FinishedRun | undefined;
  let keep = true;
  try {
    finishedRun = await runChaos({
      seed,
      ms: minutes * MINUTE_MS,
      customers: 5,
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
    clearTimeout(late);
    await finishedRun?.close();
    if (keep) console.log(`Evidence: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
});

/** Writes everything down that somebody needs who looks for the cause; the logs are there already. */
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
