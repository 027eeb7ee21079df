import { ConfigurationError } from './environment.ts';

/** Node's errors for a failed connection. */
const CONNECTION_FAILED = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/;

/**
 * Runs the main function of a process. An error ends the process with exit code 1. An error that the user can correct is printed
 * as one sentence, any other error with its stack.
 */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    console.error(sentenceFor(error) ?? error);
    process.exit(1);
  }
}

/** Node's errors for an address on which a process cannot listen. */
const LISTEN_FAILED = /^(EADDRINUSE|EADDRNOTAVAIL|EACCES)$/;

/** Node's errors for a file or folder that cannot be used. */
const FILE_FAILED = /^(EACCES|EPERM|EROFS|ENOSPC|ENOTDIR|EISDIR|EEXIST|ENAMETOOLONG|ELOOP|ENOENT)$/;

/** The messages of Temporal's SDK for an unreachable server and an unknown namespace. */
const TEMPORAL_UNREACHABLE = /^(Failed to connect before the deadline$|tonic::transport::Error)/;
const NAMESPACE_MISSING = /\bNamespace (?:(\S+) (?:is|was) not found|not found: '(.+)')/;

/** SQLSTATE of a change that a read-only server rejects. */
const READ_ONLY = '25006';

/** SQLSTATEs of a table or a column that does not exist. */
const MIGRATION_MISSING = /^(42P01|42703)$/;

/** Returns a sentence about an error that the user of a command can correct; undefined for any other. */
export function sentenceFor(error: unknown): string | undefined {
  if (error instanceof ConfigurationError) return error.message;
  const { code, message, severity, syscall, address, port, hostname, path } = error as Record<
    'code' | 'message' | 'severity' | 'syscall' | 'address' | 'port' | 'hostname' | 'path',
    unknown
  >;
  if (severity === 'FATAL')
    return `Postgres refuses the connection: ${message} (${code}). Correct DATABASE_URL, or fix the cause in Postgres.`;
  if (code === READ_ONLY)
    return 'Postgres accepts no writes: it is a standby or set to read-only. Wait, or correct DATABASE_URL.';
  if (severity && MIGRATION_MISSING.test(String(code)))
    return `The database does not match this version of Crema: ${message} (${code}). Run npm run migrate first.`;
  if (TEMPORAL_UNREACHABLE.test(String(message)))
    return 'Temporal cannot be reached: start it, or correct TEMPORAL_ADDRESS and the other settings of Temporal in .env.example.';
  const [isMissing, name, quoted] = NAMESPACE_MISSING.exec(String(message)) ?? [];
  if (isMissing) return `Temporal has no namespace ${name ?? quoted}: create it, or correct TEMPORAL_NAMESPACE.`;
  if (String(code).startsWith('ERR_PARSE_ARGS')) return String(message);
  if (syscall === 'listen' && LISTEN_FAILED.test(String(code)))
    return `This process cannot listen on ${address}:${port} (${code}): stop the process that does, or correct HOST or the port.`;
  if (path && FILE_FAILED.test(String(code)))
    return `${path} cannot be used (${code}): fix it, or choose another path.`;
  if (!CONNECTION_FAILED.test(String(code))) return undefined;
  const where = hostname ?? (address ? `${address}:${port}` : 'a service');
  return `${where} cannot be reached (${code}): start it, or correct its address; .env.example names the settings.`;
}
