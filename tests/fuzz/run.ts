import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ConfigurationError } from '../../config/environment.ts';
import { runCommand } from '../../config/run-command.ts';
import { StackError } from '../../stack/stack-error.ts';
import { writeConfig } from './config.ts';
import { findSchemathesis, runSchemathesis } from './schemathesis.ts';
import { type FuzzedShop, type Role, roles, withFuzzedShop } from './shop.ts';

// `make fuzz`: Schemathesis against a running shop, from openapi.yaml, as everybody who may come. `SEED=` repeats a run,
// `MINUTES=` says how long it takes. What it finds stays in .build/fuzz.

const ROOT = join(import.meta.dirname, '../..');
const DOCUMENT = join(ROOT, 'openapi.yaml');
const EVIDENCE = join(ROOT, '.build/fuzz');

/** How the time is shared out: managers may most. */
const SHARES: Record<Role, number> = { nobody: 0.15, customer: 0.25, service: 0.2, manager: 0.4 };

/** The longest that somebody fuzzes at a time, in s: a token lives for ten minutes. */
const LONGEST_S = 500;

/** These end the session that the fuzzer is in. */
const ENDS_THE_SESSION = ['deleteMe', 'eraseMe', 'changePassword'];

/** What only Amazon can sign. */
const FOR_AMAZON = ['notifyOfMail'];

interface Operation {
  operationId: string;
  responses: Record<string, { content?: Record<string, unknown> }>;
}

const say = (line: string) => console.log(line);

await runCommand(async () => {
  const [seed, minutes] = [numberIn('SEED', Math.floor(Math.random() * 1e9)), numberIn('MINUTES', 5)];
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stopping.abort(new StackError(`Stopped by ${name}.`)));
  }
  try {
    const program = await findSchemathesis(say);
    if (!program) return say('Fuzzing is skipped: it needs Python 3.11 or newer, with venv and pip.');
    say(`Fuzzing for ${minutes} minutes with SEED=${seed}.`);
    const faults = await withFuzzedShop(
      (shop) => fuzz({ shop, program, seed, minutes, signal: stopping.signal }),
      say,
      stopping.signal,
    );
    for (const fault of faults) console.error(fault);
    if (faults.length > 0) process.exitCode = 1;
    else say('Fuzzing found nothing.');
  } catch (error) {
    const reason = stopping.signal.aborted ? stopping.signal.reason : error;
    if (!(reason instanceof StackError)) throw reason;
    console.error(reason.message);
    process.exitCode = 1;
  }
});

function numberIn(name: string, fallback: number): number {
  const value = Number(process.env[name] || fallback);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ConfigurationError(`${name} is ${process.env[name]}: it must be a number.`);
}

interface Fuzzing {
  shop: FuzzedShop;
  program: string;
  seed: number;
  minutes: number;
  signal: AbortSignal;
}

/** @returns what is wrong, in sentences for people */
async function fuzz({ shop, program, seed, minutes, signal }: Fuzzing): Promise<string[]> {
  rmSync(EVIDENCE, { recursive: true, force: true });
  mkdirSync(EVIDENCE, { recursive: true });
  const answers = join(EVIDENCE, 'answers.txt');
  writeFileSync(answers, '');
  const leftOut = [...ENDS_THE_SESSION, ...FOR_AMAZON, ...streams()];
  const rounds = Math.ceil((minutes * 60 * Math.max(...Object.values(SHARES))) / LONGEST_S);
  const faults: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const role of roles) {
      const name = rounds > 1 ? `${role}-${round + 1}` : role;
      const file = (suffix: string) => join(EVIDENCE, `${name}.${suffix}`);
      const world = await shop.enter(role);
      writeFileSync(file('json'), JSON.stringify({ ...world, token: undefined }));
      writeFileSync(file('toml'), writeConfig(world, leftOut));
      const time = Math.max(5, Math.round((minutes * 60 * SHARES[role]) / rounds));
      // Every operation has its turn first, however slow the machine; then chance has the time that is given.
      const phases = [
        { log: file('examples.log'), args: ['--phases', 'examples'] },
        { log: file('log'), args: ['--phases', 'coverage,fuzzing,stateful', '--max-time', String(time)] },
      ];
      for (const { log, args } of phases) {
        const nothing = await runSchemathesis({
          program,
          args: [
            ...['--config-file', file('toml'), '--no-color', 'run', DOCUMENT, '--url', shop.url],
            ...['--seed', String(seed + round), '--continue-on-failure', ...args],
          ],
          environment: {
            FUZZ_WORLD: file('json'),
            FUZZ_ANSWERS: answers,
            SCHEMATHESIS_HOOKS: join(import.meta.dirname, 'hooks.py'),
          },
          folder: EVIDENCE,
          log,
          signal,
        });
        if (!nothing) faults.push(`As ${role}, it found something:\n${readFileSync(log, 'utf8')}`);
      }
      say(`  As ${name} for ${time} s: ${faults.length} faults so far.`);
    }
  }
  return [...faults, ...unreached(readFileSync(answers, 'utf8'), leftOut)];
}

function operations(): Operation[] {
  const { paths } = parse(readFileSync(DOCUMENT, 'utf8')) as { paths: Record<string, Record<string, Operation>> };
  return Object.values(paths).flatMap((methods) => Object.values(methods));
}

/** Operations whose answers never end. */
function streams(): string[] {
  return operations()
    .filter(({ responses }) => Object.values(responses).some(({ content = {} }) => 'text/event-stream' in content))
    .map(({ operationId }) => operationId);
}

/** A fuzzer that only ever hears no has not tried much. @param answers lines of `<operationId> <status>` */
function unreached(answers: string, leftOut: readonly string[]): string[] {
  const reached = new Set(
    answers
      .split('\n')
      .filter((line) => / 2\d\d$/.test(line))
      .map((line) => line.split(' ')[0]),
  );
  return operations()
    .map(({ operationId }) => operationId)
    .filter((operationId) => !reached.has(operationId) && !leftOut.includes(operationId))
    .map((operationId) => `${operationId} never came to a 2xx.`);
}
