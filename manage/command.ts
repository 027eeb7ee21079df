import type { Database } from '../db/connection.ts';

/** What the commands work with. */
export interface CommandContext {
  database: Database;
  /** Where people see the shop. */
  publicUrl: string;
}

/** A sub-command of `npm run manage`. */
export interface Command {
  /** Its name, then what it takes: `add-service <name> --scopes "<scope> …"`. */
  usage: string;
  /**
   * Does it, and tells on standard output what became of it.
   *
   * @param args what stands after the name
   * @throws {ConfigurationError} with a sentence for whoever typed it
   */
  run(args: string[], tools: CommandContext): Promise<void>;
}
