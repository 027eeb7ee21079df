import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { TestEnvironment } from 'jest-environment-node';
import { EVIDENCE_FOLDER, SERVICE_LOGS } from './keep-on-failure.ts';

/** A thrown value, and an error with the location of the test or hook. */
type Failure = [thrown: unknown, location: unknown];

/** The parts of Jest's events that are read here. */
interface TestEvent {
  name: string;
  test?: { errors: Failure[] };
}

const root = resolve(import.meta.dirname, '../..');

/**
 * Jest's Node environment. When a test or hook fails, it saves the logs of the file's processes and of the shared services, and
 * runs the collectors that {@link keepOnFailure} registered. It adds the path of that folder to the error.
 */
export default class FailureEnvironment extends TestEnvironment {
  /** Contains a folder for each failure. */
  readonly #evidence: string;
  readonly #data = mkdtempSync(join(tmpdir(), 'crema-test-file-'));
  /** Errors whose message already contains the path. All tests of a `describe` block share the error of a failed hook. */
  readonly #marked = new WeakSet<Error>();
  #failures = 0;

  constructor(...[config, context]: ConstructorParameters<typeof TestEnvironment>) {
    super(config, context);
    const run = process.env[EVIDENCE_FOLDER] ?? '.data/failed-tests/latest';
    this.#evidence = resolve(root, run, relative(resolve(root, 'tests'), context.testPath));
    // Lets other users enter the folder, because Postgres may run as another user and would otherwise keep its data elsewhere.
    chmodSync(this.#data, 0o711);
    this.global.dataFolder = this.#data;
  }

  async handleTestEvent({ name, test }: TestEvent): Promise<void> {
    // This event comes before the afterEach and afterAll hooks, which may close the shop.
    if (name === 'test_fn_failure' || name === 'hook_failure') await this.#keepEvidence();
    if (name === 'test_done') for (const failure of test?.errors ?? []) this.#mark(failure);
  }

  async #keepEvidence(): Promise<void> {
    this.#failures += 1;
    const folder = this.#folder();
    const { evidenceCollectors = [] } = this.global as unknown as typeof globalThis;
    try {
      mkdirSync(folder, { recursive: true });
      await Promise.all([...evidenceCollectors].map((collect) => collect(folder)));
      for (const each of readdirSync(this.#data)) keepLogs(join(this.#data, each, 'logs'), join(folder, each));
      keepLogs(process.env[SERVICE_LOGS], join(folder, 'services'));
    } catch (error) {
      // Not thrown, because the failure of the test is more important.
      writeFileSync(join(folder, 'missing-logs.txt'), `${(error as Error).stack}\n`);
    }
  }

  #folder(): string {
    return join(this.#evidence, String(this.#failures));
  }

  #mark(failure: Failure): void {
    const line = `\n\nEvidence: ${relative(root, this.#folder())}`;
    const [thrown] = failure;
    // A thrown string is the message of a timeout, which Jest prints in quotation marks.
    if (typeof thrown === 'string') failure[0] = `${thrown}${line}\n`;
    if (typeof (thrown as Error)?.stack !== 'string' || this.#marked.has(thrown as Error)) return;
    const error = thrown as Error & { stack: string };
    this.#marked.add(error);
    // Jest prints the message that the stack begins with, so the line is inserted before the trace.
    error.stack = error.stack.replace(/(\n\s+at |$)/, `${line}$1`);
  }

  override async teardown(): Promise<void> {
    try {
      rmSync(this.#data, { recursive: true, force: true, maxRetries: 3 });
    } finally {
      await super.teardown();
    }
  }
}

function keepLogs(from: string | undefined, to: string): void {
  if (from && existsSync(from)) cpSync(from, to, { recursive: true });
}
