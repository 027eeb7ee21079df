import { z } from 'zod';
import { ConfigurationError, type Environment, parseSettings } from './environment.ts';

const port = (fallback: number) =>
  z.coerce.number('must be a port: 0 to 65535').int().min(0).max(65535, 'must be a port: 0 to 65535').default(fallback);
const url = (...protocols: string[]) =>
  z.url({ protocol: new RegExp(`^(${protocols.join('|')})$`), error: `must be a URL of the form ${protocols[0]}://…` });

/** A variable that production must name and development has a default for. */
function developmentDefault<Value extends z.ZodType<string>>(
  schema: Value,
  nodeEnv: string | undefined,
  value: string,
) {
  return nodeEnv === 'production' ? schema : schema.default(value as never);
}

const nodeEnv = z.enum(['development', 'test', 'production']).default('development');

const settings = (environment: Environment) => {
  const env = environment.NODE_ENV;
  return {
    NODE_ENV: nodeEnv,
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    HOST: z.string().default('127.0.0.1'),
    PORT: port(5000),
    /** Where clients see the API; the OAuth2 issuer. */
    PUBLIC_URL: developmentDefault(url('http', 'https'), env, `http://localhost:${environment.PORT || 5000}`),
    WORKER_HEALTH_PORT: port(5001),
    DATABASE_URL: developmentDefault(url('postgres', 'postgresql'), env, 'postgres://crema:crema@127.0.0.1:5433/crema'),
    REDIS_URL: developmentDefault(url('redis', 'rediss'), env, 'redis://127.0.0.1:6380'),
    TEMPORAL_ADDRESS: developmentDefault(
      z.string().regex(/^[^\s:/]+:\d+$/, 'must be of the form host:port'),
      env,
      '127.0.0.1:7233',
    ),
    TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
    TEMPORAL_TASK_QUEUE: z.string().min(1).default('orders'),
    CURRENCY: z
      .string()
      .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as USD')
      .default('USD'),
    /** Days for which backups of Postgres are kept: so long it is remembered who was erased. */
    BACKUP_DAYS: z.coerce.number().int().min(1).max(3_650).default(90),
    /** Minutes between two runs of the reconciler. */
    RECONCILE_EVERY: z.coerce.number().int().min(1).default(60),
    /** A bundle made by `npm run build`; without it the worker bundles at every start. */
    WORKFLOW_BUNDLE: z.string().optional(),
    /** Seconds that an order may wait before the shop is alerted. */
    ORDER_DELAYED_AFTER: z.coerce.number().int().min(1).default(600),
    /** Seconds that an order may stand ready before the customer is reminded. */
    ORDER_UNCOLLECTED_AFTER: z.coerce.number().int().min(1).default(900),
    /** The Worker Deployment that this worker belongs to, and which build of it this is; both or neither. */
    WORKER_DEPLOYMENT: z.string().min(1).optional(),
    WORKER_BUILD_ID: z.string().min(1).optional(),
    /** `production` sends through Amazon SES, anything else through SMTP. */
    NOTIFICATIONS_ENV: z.string().default('development'),
    SMTP_URL: developmentDefault(
      url('smtp', 'smtps'),
      environment.NOTIFICATIONS_ENV === 'production' ? undefined : env,
      'smtp://127.0.0.1:1025',
    ),
    /** The sender of every email. */
    EMAIL_FROM: developmentDefault(z.string().min(3), env, 'Crema <orders@crema.example>'),
    /** The shop's own address: hears of every new and every cancelled order. */
    ORDERS_EMAIL: developmentDefault(z.email(), env, 'shop@crema.example'),
    AWS_REGION: z.string().min(1).optional(),
    /** Only where Amazon SES is not at its usual address, for example in tests. */
    SES_ENDPOINT: url('http', 'https').optional(),
  };
};

type Names = keyof ReturnType<typeof settings>;

function pick<Name extends Names>(environment: Environment, ...names: Name[]) {
  const all = settings(environment);
  const picked = Object.fromEntries(names.map((name) => [name, all[name]])) as Pick<typeof all, Name>;
  return parseSettings(z.object(picked), environment);
}

/** What every command that only needs Postgres must know. */
export const readDatabaseConfig = (environment: Environment) =>
  pick(environment, 'NODE_ENV', 'DATABASE_URL', 'CURRENCY');

/** What the commands that only need Temporal must know. */
export const readTemporalConfig = (environment: Environment) =>
  pick(environment, 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_TASK_QUEUE', 'RECONCILE_EVERY');

/** What the reconciler must know when it is run by hand. */
export const readReconcileConfig = (environment: Environment) =>
  pick(environment, 'DATABASE_URL', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE');

/** What the commands that manage the shop must know. */
export const readManageConfig = (environment: Environment) =>
  pick(environment, 'NODE_ENV', 'PUBLIC_URL', 'DATABASE_URL');

/** The settings of the API process. */
export const readApiConfig = (environment: Environment) =>
  pick(
    environment,
    'NODE_ENV',
    'LOG_LEVEL',
    'HOST',
    'PORT',
    'PUBLIC_URL',
    'DATABASE_URL',
    'TEMPORAL_ADDRESS',
    'TEMPORAL_NAMESPACE',
    'TEMPORAL_TASK_QUEUE',
    'CURRENCY',
    'ORDER_DELAYED_AFTER',
    'ORDER_UNCOLLECTED_AFTER',
    'BACKUP_DAYS',
  );
export type ApiConfig = ReturnType<typeof readApiConfig>;

/** The settings of the worker process. */
export function readWorkerConfig(environment: Environment) {
  const config = pick(
    environment,
    'NODE_ENV',
    'LOG_LEVEL',
    'HOST',
    'WORKER_HEALTH_PORT',
    'PUBLIC_URL',
    'DATABASE_URL',
    'REDIS_URL',
    'TEMPORAL_ADDRESS',
    'TEMPORAL_NAMESPACE',
    'TEMPORAL_TASK_QUEUE',
    'WORKFLOW_BUNDLE',
    'WORKER_DEPLOYMENT',
    'WORKER_BUILD_ID',
    'NOTIFICATIONS_ENV',
    'SMTP_URL',
    'EMAIL_FROM',
    'ORDERS_EMAIL',
    'AWS_REGION',
    'SES_ENDPOINT',
  );
  if (config.NOTIFICATIONS_ENV === 'production' && !config.AWS_REGION) {
    throw new ConfigurationError('AWS_REGION is missing: NOTIFICATIONS_ENV=production sends through Amazon SES.');
  }
  if (Boolean(config.WORKER_DEPLOYMENT) !== Boolean(config.WORKER_BUILD_ID)) {
    throw new ConfigurationError('WORKER_DEPLOYMENT and WORKER_BUILD_ID go together: set both or neither.');
  }
  return config;
}
export type WorkerConfig = ReturnType<typeof readWorkerConfig>;
