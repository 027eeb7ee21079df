import type { Database } from '../../db/connection.ts';

/** What the commands work with; `main.ts` supplies it. */
export interface CommandDependencies {
  database: Database;
  /** Where people see the shop. */
  publicUrl: string;
  /** Tells the operator something, a line at a time. */
  say(line: string): void;
}

/** One thing that an operator does to the shop: `npm run manage -- <command> …`. */
export interface Command {
  /** Its arguments and what it does, on one line. */
  usage: string;
  /** @throws {UsageError} for arguments that it does not take */
  run(args: string[], dependencies: CommandDependencies): Promise<void>;
}

/** The command line is wrong; the message is a sentence for whoever typed it. */
export class UsageError extends Error {
  override name = 'UsageError';
}
