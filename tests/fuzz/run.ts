import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { numberIn, runStoppable } from '../stoppable-command.ts';
import { writeConfig } from './config.ts';
import { findSchemathesis, runSchemathesis } from './schemathesis.ts';
import { type FuzzedShop, withFuzzedShop } from './shop.ts';
import { type Role, roles } from './test-data.ts';

// `make fuzz`: runs Schemathesis with openapi.yaml against a shop, as every kind of caller. `SEED=` repeats a run, `MINUTES=`
// sets its duration. The logs stay in .build/fuzz.

const ROOT = join(import.meta.dirname, '../..');
const DOCUMENT = join(ROOT, 'openapi.yaml');
const EVIDENCE = join(ROOT, '.build/fuzz');

/** The share of the time for each kind of caller. Managers have access to the most operations. */
const SHARES: Record<Role, number> = { anonymous: 0.15, customer: 0.2, service: 0.15, barista: 0.1, manager: 0.4 };

/** The maximum duration for one token, in s. A token expires after ten minutes. */
const LONGEST_S = 500;

/** Operations that end the caller's session. */
const ENDS_THE_SESSION = ['deleteMe', 'eraseMe', 'changePassword'];

/** Operations that need Amazon's signature. */
const FOR_AMAZON = ['notifyOfMail'];

interface Operation {
  operationId: string;
  responses: Record<string, { content?: Record<string, unknown> }>;
}

const say = (line: string) => console.log(line);

await runStoppable(async ({ signal }) => {
  const [seed, minutes] = [numberIn('SEED', Math.floor(Math.random() * 1e9)), numberIn('MINUTES', 5)];
  const program = await findSchemathesis(say);
  if (!program) return say('Fuzzing is skipped: it needs Python 3.11 or newer, with venv and pip.');
  say(`Fuzzing for ${minutes} minutes with SEED=${seed}.`);
  const faults = await withFuzzedShop((shop) => fuzz({ shop, program, seed, minutes, signal }), say, signal);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else say('Fuzzing found no faults.');
});

interface Fuzzing {
  shop: FuzzedShop;
  program: string;
  seed: number;
  minutes: number;
  signal: AbortSignal;
}

/** @returns the faults, as text */
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
      const data = await shop.createTestData(role);
      writeFileSync(file('json'), JSON.stringify({ ...data, token: undefined }));
      writeFileSync(file('toml'), writeConfig(data, leftOut));
      const time = Math.max(5, Math.round((minutes * 60 * SHARES[role]) / rounds));
      // The first phase sends a request to every operation, however slow the machine is. The time limits the other phases.
      const phases = [
        { log: file('examples.log'), args: ['--phases', 'examples'] },
        { log: file('log'), args: ['--phases', 'coverage,fuzzing,stateful', '--max-time', String(time)] },
      ];
      for (const { log, args } of phases) {
        const passed = await runSchemathesis({
          program,
          args: [
            ...['--config-file', file('toml'), '--no-color', 'run', DOCUMENT, '--url', shop.url],
            ...['--seed', String(seed + round), '--continue-on-failure', ...args],
          ],
          environment: {
            FUZZ_DATA: file('json'),
            FUZZ_ANSWERS: answers,
            SCHEMATHESIS_HOOKS: join(import.meta.dirname, 'hooks.py'),
          },
          folder: EVIDENCE,
          log,
          signal,
        });
        if (!passed) faults.push(`Schemathesis found faults as ${role}:\n${readFileSync(log, 'utf8')}`);
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

/** Returns the operations whose answers never end. */
function streams(): string[] {
  return operations()
    .filter(({ responses }) => Object.values(responses).some(({ content = {} }) => 'text/event-stream' in content))
    .map(({ operationId }) => operationId);
}

/** Returns a fault for each operation without a 2xx. @param answers lines of `<operationId> <status>` */
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
    .map((operationId) => `${operationId} never returned a 2xx.`);
}
