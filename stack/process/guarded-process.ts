import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Environment } from '../../config/environment.ts';
import { StackError } from '../stack-error.ts';
import { within } from '../wait.ts';
import { type Identity, identify, send } from './identity.ts';
import { logTail, reasonIn } from './log-tail.ts';

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A program and how to run it. */
export interface Program {
  /** Lower case, without spaces. Names the log and the pid file. */
  name: string;
  command: string;
  args: string[];
  cwd?: string;
  /** The user that runs the program. Default: the current user. Only root can choose another user. */
  user?: { uid: number; gid: number } | undefined;
  env?: Environment;
  /** The signal for a graceful stop. Default: SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Milliseconds between the stop signal and SIGKILL. Default: 10 s. */
  grace?: number;
  /** Called with every line of the output. The log contains these lines, too. */
  onLine?: (line: string) => void;
}

/** The guard's argument, as JSON. The guard passes its own environment on to the program. */
export interface Plan extends Omit<Program, 'env' | 'onLine'> {
  stopSignal: NodeJS.Signals;
  grace: number;
  /** Whether the guard sends each line of output to its starter. */
  follow: boolean;
  log: string;
  pidFile: string;
}

export type GuardMessage = { started: number } | { failed: string } | { exited: Exit } | { line: string };

/** A running program. It ends with this process, even if this process is killed. */
export interface GuardedProcess {
  pid: number;
  /** The path of the file with its output. */
  log: string;
  exited: Promise<Exit>;
  /** Sends a signal and returns at once. */
  kill(signal: NodeJS.Signals): void;
  /** Sends the stop signal, and SIGKILL after the grace period. Waits for the end. */
  stop(): Promise<Exit>;
}

/** Returns the folder of the pid files. */
export const runDirectory = (dataDir: string) => join(dataDir, 'run');
const logFile = (dataDir: string, name: string) => join(dataDir, 'logs', `${name}.log`);

/**
 * Starts a program under a guard process, which stops the program when this process ends.
 *
 * @param dataDir the folder for the program's log (`logs/<name>.log`) and pid file (`run/<name>.json`)
 * @throws {StackError} if the program cannot be started
 */
export async function startProcess(program: Program, dataDir: string): Promise<GuardedProcess> {
  const log = logFile(dataDir, program.name);
  const pidFile = join(runDirectory(dataDir), `${program.name}.json`);
  for (const file of [log, pidFile]) mkdirSync(dirname(file), { recursive: true });
  // The log of the previous run is kept: it may say why that run failed.
  if (existsSync(log)) renameSync(log, `${log}.old`);
  const { env, onLine, ...given } = program;
  const plan: Plan = { stopSignal: 'SIGTERM', grace: 10_000, ...given, follow: onLine !== undefined, log, pidFile };
  const guard = spawnGuard(plan, env);

  let child: Identity | undefined;
  const started = Promise.withResolvers<number>();
  const exited = Promise.withResolvers<Exit>();
  const failToStart = (reason: string) =>
    started.reject(new StackError(`${program.command} could not be started: ${reason}.`));
  guard.on('message', (message: GuardMessage) => {
    if ('started' in message) started.resolve(message.started);
    else if ('failed' in message) failToStart(message.failed);
    else if ('exited' in message) exited.resolve(message.exited);
    else onLine?.(message.line);
  });
  guard.once('error', (error) => failToStart(error.message));
  guard.once('close', () => {
    failToStart('its guard ended');
    // A killed guard sends no message and cannot stop its program, so the program is killed here.
    if (child) send(child, 'SIGKILL');
    exited.resolve({ code: null, signal: 'SIGKILL' });
  });
  const pid = await started.promise;
  child = identify(pid);
  // The guard does not keep this process alive. If this process exits, the guard stops the program.
  guard.unref();
  guard.channel?.unref();

  return {
    pid,
    log,
    exited: exited.promise,
    kill(signal) {
      if (child) send(child, signal);
    },
    async stop() {
      if (guard.connected) guard.send('stop', () => {});
      const exit = await within(plan.grace + 5_000, exited.promise);
      if (exit) return exit;
      // Reached only if the guard hangs.
      guard.kill('SIGKILL');
      return exited.promise;
    },
  };
}

function spawnGuard(plan: Plan, env: Environment | undefined): ChildProcess {
  const errors = openSync(plan.log, 'a');
  const guard = spawn(process.execPath, [join(import.meta.dirname, 'guard.ts'), JSON.stringify(plan)], {
    detached: true,
    env: env ?? process.env,
    stdio: ['ignore', 'ignore', errors, 'ipc'],
  });
  closeSync(errors);
  return guard;
}

/** The options of {@link runProcess}. */
interface RunOptions {
  dataDir: string;
  /** Milliseconds after which the program is stopped. */
  deadline: number;
  signal?: AbortSignal | undefined;
}

/**
 * Runs a program to its end.
 *
 * @returns its exit, or `null` if it did not end before the deadline
 */
export async function runProcess(program: Program, options: RunOptions): Promise<Exit | null> {
  options.signal?.throwIfAborted();
  const running = await startProcess(program, options.dataDir);
  try {
    return (await within(options.deadline, running.exited, options.signal)) ?? null;
  } finally {
    await running.stop();
  }
}

/**
 * Runs a program that must succeed.
 *
 * @param options.failure returns the error's message for a reason such as `it took over 120 s (… has more)`
 * @throws {StackError} if the program does not end with exit code 0 before the deadline
 */
export async function runToSuccess(
  program: Program,
  options: RunOptions & { failure: (reason: string) => string },
): Promise<void> {
  const exit = await runProcess(program, options);
  if (exit?.code === 0) return;
  const log = logFile(options.dataDir, program.name);
  const reason = exit ? reasonIn(logTail(log)) || describeExit(exit) : `it took over ${options.deadline / 1000} s`;
  throw new StackError(options.failure(`${reason} (${log} has more)`));
}

/** Returns how a process ended, such as `it ended with exit code 1`. */
export const describeExit = ({ code, signal }: Exit) => `it ended with ${signal ?? `exit code ${code}`}`;
