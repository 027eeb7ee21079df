import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from '../../stack/path.ts';
import { StackError } from '../../stack/stack-error.ts';

const execute = promisify(execFile);

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const INSTALL_DEADLINE_MS = 300_000;

/** The oldest version of Python for the pinned version of Schemathesis. */
const OLDEST = [3, 11] as const;

/**
 * Returns the path of Schemathesis. The first call installs it in a virtual environment in the project's cache, from binary
 * packages with the checksums in requirements.txt.
 *
 * @returns undefined if this machine has no suitable Python
 * @throws {StackError} if the packages cannot be installed
 */
export async function findSchemathesis(log: (line: string) => void): Promise<string | undefined> {
  const python = await findPython();
  if (!python) return undefined;
  const requirements = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'crema');
  const folder = join(cache, `schemathesis-${requirements}-python${python.version}`);
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    log('Fetching Schemathesis, once …');
    rmSync(folder, { recursive: true, force: true });
    const options = { timeout: INSTALL_DEADLINE_MS };
    const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:'];
    try {
      await execute(python.program, ['-m', 'venv', folder], options);
      await execute(join(folder, 'bin/python'), [...install, '--requirement', REQUIREMENTS], options);
    } catch (error) {
      const { stderr, message } = error as { stderr?: string; message: string };
      throw new StackError(`Schemathesis cannot be installed: ${(stderr || message).trim()}`);
    }
    writeFileSync(complete, '');
  }
  return join(folder, 'bin/schemathesis');
}

async function findPython(): Promise<{ program: string; version: string } | undefined> {
  for (const name of ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python']) {
    const program = findOnPath(name);
    const ask = 'import ensurepip, sys, venv; print("%d.%d" % sys.version_info[:2])';
    const said = program && (await execute(program, ['-c', ask]).catch(() => undefined));
    const [major = 0, minor = 0] = said ? said.stdout.trim().split('.').map(Number) : [];
    if (program && major === OLDEST[0] && minor >= OLDEST[1]) return { program, version: `${major}.${minor}` };
  }
  return undefined;
}

export interface SchemathesisRun {
  program: string;
  args: string[];
  environment: Record<string, string>;
  /** The working directory, where Schemathesis stores data between runs. */
  folder: string;
  /** The file for its output. */
  log: string;
  signal: AbortSignal;
}

/** Runs Schemathesis. @returns whether it found no faults */
export async function runSchemathesis({
  program,
  args,
  environment,
  folder,
  log,
  signal,
}: SchemathesisRun): Promise<boolean> {
  const output = createWriteStream(log);
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  const code = await new Promise<number | null>((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  });
  await new Promise<void>((closed) => output.end(closed));
  return code === 0;
}
