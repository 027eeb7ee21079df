import pg from 'pg';

/** The settings of the services that a process uses. */
interface ServiceSettings {
  DATABASE_URL?: string;
  TEMPORAL_ADDRESS?: string;
  TEMPORAL_NAMESPACE?: string;
  TEMPORAL_TASK_QUEUE?: string;
}

/** Returns `host:port/database` of a Postgres URL, without the password. */
export function databaseAt(url: string): string {
  const { host, port, database } = new pg.Client({ connectionString: url });
  return `${host}:${port}/${database}`;
}

/** Returns the addresses of the services that a process uses, for its log. */
export const servicesInUse = (settings: Required<ServiceSettings>) => ({
  postgres: databaseAt(settings.DATABASE_URL),
  temporal: settings.TEMPORAL_ADDRESS,
  namespace: settings.TEMPORAL_NAMESPACE,
  taskQueue: settings.TEMPORAL_TASK_QUEUE,
});

/** Prints to standard error which services a command uses, so that its user notices wrong addresses. */
export function printServicesInUse(settings: ServiceSettings): void {
  const { DATABASE_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TASK_QUEUE } = settings;
  const postgres = DATABASE_URL && `Postgres at ${databaseAt(DATABASE_URL)}`;
  const temporal =
    TEMPORAL_ADDRESS &&
    `Temporal at ${TEMPORAL_ADDRESS} (namespace ${TEMPORAL_NAMESPACE}, task queue ${TEMPORAL_TASK_QUEUE})`;
  console.error(`Using ${[postgres, temporal].filter(Boolean).join(' and ')}.`);
}
