import { ConfigurationError } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { StackError } from '../stack/stack-error.ts';

/**
 * Runs a command such as `make bench`. Stop signals abort the controller. A `StackError`, such as a stop signal's, is printed
 * as one sentence.
 */
export const runStoppable = (command: (stopping: AbortController) => Promise<void>): Promise<void> =>
  runCommand(async () => {
    const stopping = new AbortController();
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => stopping.abort(new StackError(`Stopped by ${name}.`)));
    }
    try {
      await command(stopping);
    } catch (error) {
      const reason = stopping.signal.aborted ? stopping.signal.reason : error;
      if (!(reason instanceof StackError)) throw reason;
      console.error(reason.message);
      process.exitCode = 1;
    }
  });

/** Aborts a command that takes longer than this, in ms. */
export function limitTime(stopping: AbortController, limit: number, message: string): void {
  setTimeout(() => stopping.abort(new StackError(message)), limit).unref();
}

/** Reads a number from the environment. */
export function numberIn(name: string, fallback: number): number {
  const value = Number(process.env[name] || fallback);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ConfigurationError(`${name} is ${process.env[name]}: it must be a number from 0.`);
}
