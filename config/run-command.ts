import { ConfigurationError } from './environment.ts';

/** What Node says of a connection that does not come about. */
const UNREACHABLE = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

/**
 * Runs the main function of a process. What its user can mend is said in one sentence, anything else whole; both end it with
 * exit code 1.
 */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    console.error(sentenceFor(error) ?? error);
    process.exit(1);
  }
}

/** What Node says of a file or folder that cannot be used. */
const UNUSABLE = /^(EACCES|EPERM|EROFS|ENOSPC|ENOTDIR|EISDIR|EEXIST|ENAMETOOLONG|ELOOP|ENOENT)$/;

/** SQLSTATEs of a table or a column that does not exist. */
const MIGRATION_MISSING = /^(42P01|42703)$/;

/** One sentence for an error that the user of a command can mend; `undefined` for any other. */
export function sentenceFor(error: unknown): string | undefined {
  if (error instanceof ConfigurationError) return error.message;
  const { code, message, severity, address, port, hostname, path } = error as Record<
    'code' | 'message' | 'severity' | 'address' | 'port' | 'hostname' | 'path',
    unknown
  >;
  if (severity === 'FATAL')
    return `Postgres refuses the connection: ${message} (${code}). Correct DATABASE_URL, or mend it in Postgres.`;
  if (severity && MIGRATION_MISSING.test(String(code)))
    return `The database is not that of this version: ${message} (${code}). Run npm run migrate first.`;
  if (String(code).startsWith('ERR_PARSE_ARGS')) return String(message);
  if (path && UNUSABLE.test(String(code))) return `${path} cannot be used (${code}): fix it, or choose another path.`;
  if (!UNREACHABLE.test(String(code))) return undefined;
  const where = hostname ?? (address ? `${address}:${port}` : 'a service');
  return `${where} cannot be reached (${code}): start it, or correct its address; .env.example names the settings.`;
}
