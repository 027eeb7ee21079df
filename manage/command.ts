import type { Database } from '../db/connection.ts';

export interface CommandContext {
  database: Database;
  /** Base URL of the API as clients see it. */
  publicUrl: string;
  /** The shop's, as an ISO 4217 code. */
  currency: string;
}

/** A sub-command of `npm run manage`. */
export interface Command {
  /** Name and arguments: `add-service <name> --scopes "<scope> …"`. */
  usage: string;
  /**
   * Runs the command and prints the result.
   *
   * @param args the arguments after the name
   * @throws {ConfigurationError} for invalid arguments, with a message for the user
   */
  run(args: string[], context: CommandContext): Promise<void>;
}
