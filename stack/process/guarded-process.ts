import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Environment } from '../../config/environment.ts';
import { StackError } from '../stack-error.ts';
import { within } from '../wait.ts';
import { type Identity, identify, send } from './identity.ts';

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** What a program is and how it is run. */
export interface Program {
  /** Lower case, without spaces: names the log and the pid file. */
  name: string;
  command: string;
  args: string[];
  cwd?: string;
  /** Run as this user instead of ours; only root can. */
  user?: { uid: number; gid: number } | undefined;
  env?: Environment;
  /** The polite way to ask this program to end. */
  stopSignal?: NodeJS.Signals;
  /** Milliseconds between asking politely and SIGKILL. */
  grace?: number;
  /** Called with every line that the program writes, besides the log. */
  onLine?: (line: string) => void;
}

/** What the guard is told on its command line; the environment goes the environment's way. */
export interface Plan extends Required<Pick<Program, 'name' | 'command' | 'args' | 'stopSignal' | 'grace'>> {
  cwd: string;
  user: Program['user'];
  follow: boolean;
  log: string;
  pidFile: string;
}

export type GuardMessage = { started: number } | { failed: string } | { exited: Exit } | { line: string };
/** A running program. It ends with this process, however that ends. */
export interface GuardedProcess {
  name: string;
  pid: number;
  /** The file with everything it wrote. */
  log: string;
  exited: Promise<Exit>;
  /** Sends it a signal: it has it when this returns, but may not have ended yet. */
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end, insists after its grace, and resolves when it is gone. */
  stop(): Promise<Exit>;
}

/** Where the files that describe running processes are kept. */
export const runDirectory = (dataDir: string) => join(dataDir, 'run');
const logDirectory = (dataDir: string) => join(dataDir, 'logs');

/**
 * Starts a program under a guard, so that nothing outlives this process.
 *
 * @param dataDir holds the program's log (`logs/<name>.log`) and its pid file (`run/<name>.json`)
 * @throws {StackError} when it cannot be started at all
 */
export async function startProcess(program: Program, dataDir: string): Promise<GuardedProcess> {
  const log = join(logDirectory(dataDir), `${program.name}.log`);
  const pidFile = join(runDirectory(dataDir), `${program.name}.json`);
  for (const file of [log, pidFile]) mkdirSync(dirname(file), { recursive: true });
  // One earlier log is kept: the one that says why the last run failed.
  if (existsSync(log)) renameSync(log, `${log}.old`);
  const plan: Plan = {
    name: program.name,
    command: program.command,
    args: program.args,
    cwd: program.cwd ?? process.cwd(),
    user: program.user,
    follow: program.onLine !== undefined,
    log,
    pidFile,
    stopSignal: program.stopSignal ?? 'SIGTERM',
    grace: program.grace ?? 10_000,
  };
  const complaints = openSync(log, 'a');
  const guard = spawn(process.execPath, [join(import.meta.dirname, 'guard.ts'), JSON.stringify(plan)], {
    detached: true,
    env: program.env ?? process.env,
    stdio: ['ignore', 'ignore', complaints, 'ipc'],
  });
  closeSync(complaints);

  let child: Identity | undefined;
  const exited = new Promise<Exit>((resolve) => {
    guard.on('message', (message: GuardMessage) => {
      if ('line' in message) program.onLine?.(message.line);
      if ('exited' in message) resolve(message.exited);
    });
    // A killed guard sends no message, and its program must not outlive it.
    guard.once('close', () => {
      if (child) send(child, 'SIGKILL');
      resolve({ code: null, signal: 'SIGKILL' });
    });
  });
  const pid = await started(guard, program);
  child = identify(pid);
  letGo(guard);

  return {
    name: program.name,
    pid,
    log,
    exited,
    kill(signal) {
      if (child) send(child, signal);
    },
    async stop() {
      if (guard.connected) guard.send('stop', () => {});
      const exit = await within(plan.grace + 5_000, exited);
      if (exit) return exit;
      // Reached only if the guard hangs.
      guard.kill('SIGKILL');
      return exited;
    },
  };
}

/**
 * Runs a program to its end.
 *
 * @param options.deadline milliseconds after which the program is stopped
 * @returns its exit, or `null` if it did not end before the deadline
 */
export async function runProcess(
  program: Program,
  options: { dataDir: string; deadline: number; signal?: AbortSignal | undefined },
): Promise<Exit | null> {
  options.signal?.throwIfAborted();
  const running = await startProcess(program, options.dataDir);
  const listening = new AbortController();
  const calledOff = options.signal && abortOf(options.signal, listening.signal);
  try {
    const exit = await within(options.deadline, Promise.race([running.exited, ...(calledOff ? [calledOff] : [])]));
    if (exit) return exit;
    await running.stop();
    options.signal?.throwIfAborted();
    return null;
  } finally {
    listening.abort();
  }
}

/** Resolves when one of the signals aborts. */
async function abortOf(signal: AbortSignal, listening: AbortSignal): Promise<null> {
  if (!signal.aborted) await once(signal, 'abort', { signal: listening }).catch(() => undefined);
  return null;
}

function started(guard: ChildProcess, program: Program): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new StackError(`${program.command} could not be started: ${why}.`));
    guard.on('message', (message: GuardMessage) => {
      if ('started' in message) resolve(message.started);
      if ('failed' in message) fail(message.failed);
    });
    guard.once('error', (error) => fail(error.message));
    guard.once('exit', () => fail('its guard ended'));
  });
}

/** Lets this process exit while the program runs. The program is then stopped, too. */
function letGo(guard: ChildProcess) {
  guard.unref();
  guard.channel?.unref();
}
