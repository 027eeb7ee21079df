import pg from 'pg';

/** The settings that say which services a process reads and writes. */
interface ServiceSettings {
  DATABASE_URL?: string;
  TEMPORAL_ADDRESS?: string;
  TEMPORAL_NAMESPACE?: string;
  TEMPORAL_TASK_QUEUE?: string;
}

/** Returns `host:port/database` of a Postgres URL, which may be shown: it has no password. */
export function databaseAt(url: string): string {
  const { host, port, database } = new pg.Client({ connectionString: url });
  return `${host}:${port}/${database}`;
}

/** Names the services that a process uses, for the log line of its start. */
export const servicesInUse = (settings: Required<ServiceSettings>) => ({
  postgres: databaseAt(settings.DATABASE_URL),
  temporal: settings.TEMPORAL_ADDRESS,
  namespace: settings.TEMPORAL_NAMESPACE,
  taskQueue: settings.TEMPORAL_TASK_QUEUE,
});

/**
 * Names, on standard error, the services that a command is about to read and write. Without this line, a command that reaches
 * another shop's services by mistake looks like one that worked.
 */
export function printServicesInUse(settings: ServiceSettings): void {
  const { DATABASE_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TASK_QUEUE } = settings;
  const postgres = DATABASE_URL && `Postgres at ${databaseAt(DATABASE_URL)}`;
  const temporal =
    TEMPORAL_ADDRESS &&
    `Temporal at ${TEMPORAL_ADDRESS} (namespace ${TEMPORAL_NAMESPACE}, task queue ${TEMPORAL_TASK_QUEUE})`;
  console.error(`Using ${[postgres, temporal].filter(Boolean).join(' and ')}.`);
}
