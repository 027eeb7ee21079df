import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { TestEnvironment } from 'jest-environment-node';
import { EVIDENCE_FOLDER, SERVICE_LOGS } from './evidence.ts';

/** The parts of Jest's events that are read here. */
interface TestEvent {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test may throw anything
  test?: { errors: any[] };
}

const root = resolve(import.meta.dirname, '../..');

/**
 * Jest's Node environment. When a test fails, it keeps the evidence in a folder and names that in the error: the logs of
 * all processes that the file started, and what {@link keepOnFailure} registered.
 */
export default class FailureEnvironment extends TestEnvironment {
  readonly #evidence: string;
  #failures = 0;
  readonly #data = mkdtempSync(join(tmpdir(), 'crema-test-file-'));

  constructor(...[config, context]: ConstructorParameters<typeof TestEnvironment>) {
    super(config, context);
    const run = process.env[EVIDENCE_FOLDER] ?? '.data/failed-tests/latest';
    this.#evidence = resolve(root, run, relative(resolve(root, 'tests'), context.testPath));
    this.global.dataFolder = this.#data;
  }

  async handleTestEvent({ name, test }: TestEvent): Promise<void> {
    if (name !== 'test_done' || !test?.errors.length) return;
    this.#failures += 1;
    const evidence = join(this.#evidence, String(this.#failures));
    const { evidenceCollectors = [] } = this.global as unknown as typeof globalThis;
    await Promise.all([...evidenceCollectors].map((collect) => collect(evidence)));
    for (const each of readdirSync(this.#data)) keepLogs(join(this.#data, each, 'logs'), join(evidence, each));
    keepLogs(process.env[SERVICE_LOGS], join(evidence, 'services'));
    for (const failure of test.errors) {
      // A pair: what was thrown, and an error that knows where the test stands.
      const error = [failure].flat().find((each): each is Error => typeof each?.stack === 'string');
      // Before the stack trace, of which Jest leaves out what it does not know.
      if (error?.stack)
        error.stack = error.stack.replace(/(\n\s+at |$)/, `\n\nEvidence: ${relative(root, evidence)}$1`);
    }
  }

  override async teardown(): Promise<void> {
    rmSync(this.#data, { recursive: true, force: true });
    await super.teardown();
  }
}

function keepLogs(from: string | undefined, to: string): void {
  if (from && existsSync(from)) cpSync(from, to, { recursive: true });
}
