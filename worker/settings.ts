import { z } from 'zod';
import { parseShopSettings } from '../config/development-defaults.ts';
import { emailAddress } from '../config/email-address.ts';
import { ConfigurationError, type Environment } from '../config/environment.ts';
import { listenPort, positive, seconds, textLike, url, wholeNumber } from '../config/fields.ts';
import {
  alertSettings,
  customerNameSettings,
  postgresSettings,
  publicUrlSettings,
  redisSettings,
  serverSettings,
  shopSettings,
  temporalSettings,
  webhookAddressSettings,
} from '../config/setting-groups.ts';

/** An email address, or one in angle brackets after a display name. */
const special = String.raw`"(),:;<>@[\\\]\p{Cc}`;
const address = String.raw`[^\s${special}]+@[^\s${special}]+`;
const displayName = String.raw`(?:"(?:[^"\\\p{Cc}]|\\\P{Cc})*" *|[^${special}]*)`;
const sender = textLike(
  new RegExp(`^(?:${address}|${displayName}<${address}>)$`, 'u'),
  'must be a sender such as My Shop <orders@shop.example>; quote a name that has punctuation: "Shop, Inc." <orders@shop.example>',
);

const workerSchema = z.object({
  ...temporalSettings,
  ...serverSettings,
  ...publicUrlSettings,
  ...postgresSettings,
  ...redisSettings,
  ...shopSettings,
  ...webhookAddressSettings,
  ...customerNameSettings,
  WORKER_HEALTH_PORT: listenPort(5001),
  /** The port on 127.0.0.1 where Temporal's SDK serves its metrics to the worker; unset: no metrics of the SDK. */
  TEMPORAL_METRICS_PORT: wholeNumber(1, 65_535, 'a port').optional(),
  /** The number of open orders that a worker caches. Other orders are replayed from their history when they change. */
  MAX_CACHED_WORKFLOWS: wholeNumber(16, 100_000).default(300),
  /** The bundle that `npm run build` wrote; unset: the worker bundles the workflows at each start. */
  WORKFLOW_BUNDLE: z.string().optional(),
  /** The Worker Deployment of this worker, and the id of the worker's build. Both are set, or neither. */
  WORKER_DEPLOYMENT: z.string().min(1).optional(),
  WORKER_BUILD_ID: z.string().min(1).optional(),
  /** `production` sends through Amazon SES, anything else through SMTP. */
  NOTIFICATIONS_ENV: z.string().default('development'),
  SMTP_URL: url('smtp', 'smtps'),
  /** The sender of every email. */
  EMAIL_FROM: sender,
  /** The shop's own address: it receives an email for every new and every cancelled order. */
  ORDERS_EMAIL: emailAddress('must be an email address such as orders@shop.example'),
  /** The timeouts of transmitting an email and of the mail server's reply to it, in seconds. The defaults are those of RFC 5321. */
  EMAIL_TIMEOUT: seconds(300),
  EMAIL_ANSWER_TIMEOUT: seconds(600),
  /** Seconds until an email is sent again if the mail server did not reply. */
  EMAIL_UNANSWERED_RETRY_AFTER: seconds(3_600, 21_600),
  AWS_REGION: z.string().min(1).optional(),
  /** Replaces the address of Amazon SES in tests. */
  SES_ENDPOINT: url('http', 'https').optional(),
  /** The timeout of one attempt at a webhook delivery, in seconds. */
  WEBHOOK_TIMEOUT: wholeNumber(1, 30).default(15),
  /** Seconds until the first retry of a webhook delivery, and seconds until retries of that delivery end. */
  WEBHOOK_RETRY_AFTER: seconds(5),
  WEBHOOK_RETRY_FOR: wholeNumber(1, 2_592_000).default(259_200),
  /** Seconds of continuous failure after which a webhook is disabled. */
  WEBHOOK_DISABLE_AFTER: positive(432_000),
  /** Days that deliveries to webhooks are kept. */
  WEBHOOK_LOG_DAYS: wholeNumber(31, 3_650).default(60),
});

export type WorkerSettings = z.output<typeof workerSchema>;

/** @throws {ConfigurationError} if settings are missing, wrong or contradictory */
export function readWorkerSettings(environment: Environment): WorkerSettings {
  const settings = parseShopSettings(workerSchema, environment);
  if (settings.NOTIFICATIONS_ENV === 'production' && !settings.AWS_REGION) {
    throw new ConfigurationError('AWS_REGION is missing: NOTIFICATIONS_ENV=production sends through Amazon SES.');
  }
  if (Boolean(settings.WORKER_DEPLOYMENT) !== Boolean(settings.WORKER_BUILD_ID)) {
    throw new ConfigurationError('WORKER_DEPLOYMENT and WORKER_BUILD_ID go together: set both or neither.');
  }
  return settings;
}

const namespaceSchema = z.object({
  ...temporalSettings,
  ...postgresSettings,
  /** Minutes between two runs of the reconciler. */
  RECONCILE_EVERY: positive(60),
});

export type NamespaceSettings = z.output<typeof namespaceSchema>;

/** Reads the settings of `npm run prepare-namespace`. */
export const readNamespaceSettings = (environment: Environment) => parseShopSettings(namespaceSchema, environment);

const reconcileSchema = z.object({
  ...temporalSettings,
  ...postgresSettings,
  ...alertSettings,
  ...customerNameSettings,
});

/** Reads the settings of `npm run reconcile`. */
export const readReconcileSettings = (environment: Environment) => parseShopSettings(reconcileSchema, environment);
