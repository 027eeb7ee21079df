import { createSecretKey, randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { ISO_4217_PUBLISHED } from '../domain/currencies.ts';
import { currencies } from '../domain/money.ts';
import { isOneLine, toPlainLine } from '../domain/text.ts';
import { emailAddress } from './email-address.ts';
import { ConfigurationError, type Environment, oneOf, parseSettings, textLike, wholeNumber } from './environment.ts';
import { IPV4_IN_IPV6 } from './ip-addresses.ts';
import { defaultAddress } from './local-services.ts';

const port = (fallback: number) => wholeNumber(0, 65_535, 'a port').default(fallback);
const url = (...protocols: string[]) =>
  z.url({
    protocol: new RegExp(`^(${protocols.join('|')})$`),
    error: `must be a valid URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
  });

const ORIGIN = 'must be an origin of the form https://host[:port], without a path, query or user name';

/** As browsers send it: names with letters beyond ASCII are in Punycode. */
const origin = z.string(ORIGIN).transform((text, ctx) => {
  const found = /^https?:\/\/[^\s/\\?#@]+\/?$/i.test(text) && URL.parse(text)?.origin;
  if (!found) ctx.addIssue(ORIGIN);
  return found || z.NEVER;
});

const HOST_AND_PORT = 'must be of the form host:port, with a port from 1 to 65535';
const hostAndPort = textLike(/^[^\s:/]+:\d{1,5}$/, HOST_AND_PORT).refine((address) => {
  const number = Number(address.split(':')[1]);
  return number >= 1 && number <= 65_535;
}, HOST_AND_PORT);

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** Where OAuth2 may send a code to: whoever reads along would have it, so only this machine goes without TLS. */
function mayTakeCodes(uri: string): boolean {
  const { protocol, hostname, username, password } = URL.parse(uri) ?? {};
  const safe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname ?? ''));
  return safe && !uri.includes('#') && !username && !password;
}

/** A variable that production must name and development has a default for. */
function developmentDefault<Value extends z.ZodType<string>>(
  schema: Value,
  nodeEnv: string | undefined,
  value: string | (() => string),
) {
  return nodeEnv === 'production' ? schema : schema.default(value as never);
}

/** `600/60`: so many in so many seconds. */
const allowance = (fallback: `${number}/${number}`) =>
  textLike(/^[1-9]\d{0,8}\/[1-9]\d{0,5}$/, 'must be <count>/<seconds>, such as 600/60')
    .default(fallback)
    .transform((text) => {
      const [count = 0, seconds = 0] = text.split('/').map(Number);
      return { count, seconds };
    });

/** The limit of settings that have no limit of their own. */
const MANY = 1_000_000_000;

const seconds = (fallback: number, max = 86_400) => wholeNumber(1, max, 'a number of seconds').default(fallback);

const secret = textLike(/^.{32,}$/s, 'must have at least 32 characters: try openssl rand -base64 32');

const SHOP_NAME_LENGTH = 60;

const shopName = z
  .string()
  .refine(
    (name) => isOneLine(name, SHOP_NAME_LENGTH),
    `must be one line of 1 to ${SHOP_NAME_LENGTH} visible characters, such as Crema`,
  )
  .transform((name) => name.trim());

const timeZone = z
  .string()
  .refine(isTimeZone, 'must be a time zone of the IANA database, such as Europe/Lisbon or America/New_York');

function isTimeZone(name: string): boolean {
  // Some versions of Node take an offset such as +01:00, too, which would be wrong for half of the year.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** An address, or one in angle brackets after the name that is shown for it. */
const special = String.raw`"(),:;<>@[\\\]\p{Cc}`;
const address = String.raw`[^\s${special}]+@[^\s${special}]+`;
const displayName = String.raw`(?:"(?:[^"\\\p{Cc}]|\\\P{Cc})*" *|[^${special}]*)`;
const sender = textLike(
  new RegExp(`^(?:${address}|${displayName}<${address}>)$`, 'u'),
  'must be a sender such as My Shop <orders@shop.example>; quote a name that has punctuation: "Shop, Inc." <orders@shop.example>',
);

/** As RFC 5322 quotes a name that may hold any character. */
const quoted = (name: string) => `"${name.replaceAll(/["\\]/g, '\\$&')}"`;

const listOf = (text: string) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);

/** Whether it is a network such as `10.0.0.0/8`. Programs read abbreviations of addresses (`10/8`, `0x7f/8`) in different ways. */
const isNetwork = (text: string) =>
  /^[\da-fA-F.:]+\/\d+$/.test(text) && isIP(text.split('/')[0] as string) > 0 && ipaddr.isValidCIDR(text);

/** Whether a network could contain no address, as those in it are read as IPv4. */
const isOfIPv4InIPv6 = (network: string) => IPV4_IN_IPV6.has(ipaddr.parseCIDR(network)[0].range());

/** A number of proxies, or the networks that they are in. */
const proxies = z
  .string()
  .default('0')
  .transform((text) => (/^\d{1,2}$/.test(text.trim()) ? Number(text) : listOf(text)))
  .refine((said) => typeof said === 'number' || said.every(isNetwork), {
    abort: true,
    error: 'must be a number of proxies, or networks such as 10.0.0.0/8,fd00::/8',
  })
  .refine((said) => typeof said === 'number' || !said.some(isOfIPv4InIPv6), {
    error: 'must have IPv4 networks in IPv4 notation, such as 10.0.0.0/8 for ::ffff:10.0.0.0/104',
  });

/** Networks, as CIDR has them. */
const networks = z
  .string()
  .transform(listOf)
  .refine((all) => all.every(isNetwork), {
    error: 'must be networks such as 10.0.0.0/8,fd00::/8',
  });

const origins = z
  .string()
  .default('')
  .transform(listOf)
  .refine((all) => all.every((origin) => /^https?:$/.test(URL.parse(origin)?.protocol ?? '') && isOrigin(origin)), {
    error: 'must be origins such as https://shop.example, separated by commas',
  });

const isOrigin = (text: string) => URL.parse(text)?.origin === text;
/** `<id>:<32 bytes in base64>`, separated by commas. Key objects, so that no log can show one. */
const KEYS = 'must be <id>:<32 bytes in base64>, several separated by commas; try openssl rand -base64 32';
const payloadKeys = z.string(KEYS).transform((text, ctx) => {
  const keys = text.split(',').map((part) => {
    const [, id = '', secret = ''] = /^\s*([\w.-]{1,64}):([A-Za-z0-9+/]{43}=)\s*$/.exec(part) ?? [];
    return { id, key: createSecretKey(secret, 'base64') };
  });
  const ids = keys.map(({ id }) => id);
  const repeated = ids.find((id, index) => ids.indexOf(id) < index);
  if (ids.includes('')) {
    ctx.addIssue(KEYS);
  } else if (repeated) {
    ctx.addIssue(`must not have two keys named ${repeated}: give each an id of its own`);
  }
  return keys;
});

const nodeEnv = oneOf('development', 'test', 'production').default('development');

const settings = (environment: Environment) => {
  const env = environment.NODE_ENV;
  return {
    NODE_ENV: nodeEnv,
    LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
    /** Identifies this process in `/health/ready`, for example the name of its container. */
    INSTANCE_ID: textLike(/^[!-~]{1,100}$/, 'must be 1 to 100 visible ASCII characters').default(() => randomUUID()),
    HOST: textLike(/^[^\s/]+$/, 'must be an address of this machine or its name, without a port').default('127.0.0.1'),
    PORT: port(5000),
    /** Where clients see the API; the OAuth2 issuer. */
    PUBLIC_URL: developmentDefault(origin, env, `http://localhost:${environment.PORT || 5000}`),
    /** Pages of browser apps where people come back to once they have signed in, separated by commas or blanks. */
    OAUTH_REDIRECT_URIS: z
      .string()
      .default('')
      .transform((list) => list.split(/[\s,]+/).filter(Boolean))
      .refine((uris) => uris.every(mayTakeCodes), 'must be https (http for localhost) addresses without #')
      .readonly(),
    WORKER_HEALTH_PORT: port(5001),
    /** What Prometheus sends to read `/metrics` of API and worker. */
    METRICS_TOKEN: secret.optional(),
    /** Where Temporal's SDK shows its own metrics to the worker, on 127.0.0.1; without it, it keeps none. */
    TEMPORAL_METRICS_PORT: wholeNumber(1, 65_535, 'a port').optional(),
    DATABASE_URL: developmentDefault(url('postgres', 'postgresql'), env, () =>
      defaultAddress('DATABASE_URL', environment),
    ),
    REDIS_URL: developmentDefault(url('redis', 'rediss'), env, () => defaultAddress('REDIS_URL', environment)),
    TEMPORAL_ADDRESS: developmentDefault(hostAndPort, env, () => defaultAddress('TEMPORAL_ADDRESS', environment)),
    /** How to speak to Temporal; the names are those that Temporal's own tools know. */
    TEMPORAL_TLS: oneOf('on', 'off').default('off'),
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: z.string().optional(),
    TEMPORAL_TLS_CLIENT_CERT_PATH: z.string().optional(),
    TEMPORAL_TLS_CLIENT_KEY_PATH: z.string().optional(),
    TEMPORAL_TLS_SERVER_NAME: z.string().optional(),
    TEMPORAL_API_KEY: z.string().optional(),
    TEMPORAL_NAMESPACE: textLike(/^\S+$/, 'must be a name without blanks').default('default'),
    /** Names the shop within its namespace. */
    TEMPORAL_TASK_QUEUE: textLike(/^[\w.:/-]{1,200}$/, 'must be 1 to 200 letters, digits or any of _ . : / -')
      .regex(/(?<!-email|-webhooks)$/, 'must not end in -email or -webhooks: a shop’s other task queues do')
      .default('orders'),
    /** What encrypts everything that Temporal keeps: the first key encrypts, all decrypt. */
    PAYLOAD_KEYS: env === 'production' ? payloadKeys : payloadKeys.default([]),
    /** Where people open the Temporal Web UI: the one other origin that may have payloads decoded. */
    TEMPORAL_UI_ORIGIN: origin.optional(),
    /** What the Temporal Web UI's server proves itself with, where managers sign in to it through us. */
    TEMPORAL_UI_CLIENT_SECRET: secret.optional(),
    CURRENCY: z
      .enum(
        currencies,
        `must be an ISO 4217 code (as of ${ISO_4217_PUBLISHED}) of a currency, such as USD; codes without minor units, such as XAU, have no prices`,
      )
      .default('USD'),
    /** The shop's name in mails, on pages and in documents. */
    SHOP_NAME: shopName.default('Crema'),
    /** Where the shop is: the times in its mails are of there. */
    SHOP_TIME_ZONE: timeZone.default('UTC'),
    /** Pages of these origins may use the API from a browser; pages of PUBLIC_URL always may. */
    CORS_ORIGINS: origins,
    /** Whose `X-Forwarded-For` counts. */
    TRUSTED_PROXIES: proxies,
    /** Connections that one API process keeps open at once; more are closed at the door. */
    MAX_CONNECTIONS: wholeNumber(1, MANY).default(5_000),
    /** Seconds that a client may take for the headers of a request, and for all of it. */
    HEADERS_TIMEOUT: seconds(10),
    REQUEST_TIMEOUT: seconds(30),
    /** Seconds between two signs of life of an event stream: fewer than any proxy on the way waits for one. */
    STREAM_HEARTBEAT: wholeNumber(1, 30).default(15),
    /** Event streams that one API process keeps open at once, and those of one user. */
    MAX_STREAMS: wholeNumber(1, MANY).default(2_000),
    MAX_STREAMS_PER_USER: wholeNumber(1, MANY).default(20),
    RATE_LIMITS: oneOf('on', 'off').default('on'),
    RATE_LIMIT_PLACING: allowance('30/60'),
    RATE_LIMIT_USER: allowance('600/60'),
    RATE_LIMIT_ANONYMOUS: allowance('300/60'),
    /** Wrong passwords: by account and address together, by address, and by account from addresses it does not know. */
    RATE_LIMIT_SIGN_IN: allowance('10/900'),
    RATE_LIMIT_SIGN_IN_ADDRESS: allowance('50/900'),
    RATE_LIMIT_SIGN_IN_ACCOUNT: allowance('20/3600'),
    /** Account emails to one address, of each kind: registrations, resets, invitations, address changes. */
    RATE_LIMIT_ACCOUNT_MAIL: allowance('5/3600'),
    /** Days for which backups of Postgres are kept: so long it is remembered who was erased. */
    BACKUP_DAYS: wholeNumber(1, 3_650).default(90),
    /** Minutes between two runs of the reconciler. */
    RECONCILE_EVERY: wholeNumber(1, MANY).default(60),
    /** A bundle made by `npm run build`; without it the worker bundles at every start. */
    WORKFLOW_BUNDLE: z.string().optional(),
    /** Seconds that an order may wait before the shop is alerted. */
    ORDER_DELAYED_AFTER: wholeNumber(1, MANY).default(600),
    /** Seconds that an order may stand ready before the customer is reminded. */
    ORDER_UNCOLLECTED_AFTER: wholeNumber(1, MANY).default(900),
    /** Networks besides the internet that webhooks may go to. */
    WEBHOOK_ALLOWED_NETWORKS: networks.prefault(env === 'production' ? '' : '127.0.0.0/8,::1/128'),
    /** Seconds until a mail server must have a whole email, and then until it must answer. By default those of RFC 5321. */
    EMAIL_TIMEOUT: seconds(300),
    EMAIL_ANSWER_TIMEOUT: seconds(600),
    /** Seconds until an unanswered email is sent again. */
    EMAIL_UNANSWERED_RETRY_AFTER: seconds(3_600, 21_600),
    /** Seconds that a webhook's endpoint may take for a delivery. */
    WEBHOOK_TIMEOUT: wholeNumber(1, 30).default(15),
    /** Seconds after which a delivery that failed is tried again, at first; and for how many it is tried altogether. */
    WEBHOOK_RETRY_AFTER: seconds(5),
    WEBHOOK_RETRY_FOR: wholeNumber(1, 2_592_000).default(259_200),
    /** Seconds for which everything must fail before a webhook is disabled. */
    WEBHOOK_DISABLE_AFTER: wholeNumber(1, MANY).default(432_000),
    /** Days for which deliveries to webhooks are kept. */
    WEBHOOK_LOG_DAYS: wholeNumber(31, 3_650).default(60),
    /** The Worker Deployment that this worker belongs to, and which build of it this is; both or neither. */
    WORKER_DEPLOYMENT: z.string().min(1).optional(),
    WORKER_BUILD_ID: z.string().min(1).optional(),
    /** `production` sends through Amazon SES, anything else through SMTP. */
    NOTIFICATIONS_ENV: z.string().default('development'),
    SMTP_URL: developmentDefault(
      url('smtp', 'smtps'),
      environment.NOTIFICATIONS_ENV === 'production' ? undefined : env,
      () => defaultAddress('SMTP_URL', environment),
    ),
    /** The sender of every email. */
    EMAIL_FROM: developmentDefault(
      sender,
      env,
      `${quoted(toPlainLine(environment.SHOP_NAME || 'Crema'))} <orders@crema.example>`,
    ),
    /** The shop's own address: hears of every new and every cancelled order. */
    ORDERS_EMAIL: developmentDefault(
      emailAddress('must be an email address such as orders@shop.example'),
      env,
      'shop@crema.example',
    ),
    /** The language of the shop's own mails, and of mails to who has asked for no other one: ISO 639. */
    SHOP_LANGUAGE: textLike(/^[a-z]{2,3}$/, 'must be an ISO 639 code such as en').default('en'),
    AWS_REGION: z.string().min(1).optional(),
    /** Where Amazon SES says what became of mail: the Amazon SNS topic whose messages are believed. */
    SES_TOPIC_ARN: textLike(
      /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/,
      'must be of the form arn:aws:sns:<region>:<account>:<topic>',
    ).optional(),
    /** Only where Amazon SNS is not at its usual address, for example in tests. */
    SNS_ENDPOINT: url('http', 'https').optional(),
    /** Only where Amazon SES is not at its usual address, for example in tests. */
    SES_ENDPOINT: url('http', 'https').optional(),
  };
};

/** @throws {ConfigurationError} if the language is not a known one */
export function requireLanguage(language: string, known: readonly string[]): void {
  if (known.includes(language)) return;
  throw new ConfigurationError(`SHOP_LANGUAGE must be one that mail/languages has: ${known.join(', ')}.`);
}

type Names = keyof ReturnType<typeof settings>;

function pick<Name extends Names>(environment: Environment, ...names: Name[]) {
  const all = settings(environment);
  const picked = Object.fromEntries(names.map((name) => [name, all[name]])) as Pick<typeof all, Name>;
  return parseSettings(z.object(picked), environment);
}

const TEMPORAL = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_API_KEY',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_TASK_QUEUE',
  'PAYLOAD_KEYS',
] as const;

/** The same as {@link pick}, with all that a process must know of Temporal. */
const pickWithTemporal = <Name extends Names>(environment: Environment, ...names: Name[]) =>
  pick<Name | (typeof TEMPORAL)[number]>(environment, ...TEMPORAL, ...names);

/** What every command that only needs Postgres must know. */
export const readDatabaseConfig = (environment: Environment) =>
  pick(environment, 'NODE_ENV', 'DATABASE_URL', 'CURRENCY');

/** What the command that prepares Temporal's namespace must know. */
export const readTemporalConfig = (environment: Environment) =>
  pickWithTemporal(environment, 'DATABASE_URL', 'RECONCILE_EVERY');

/** What the reconciler must know when it is run by hand. */
export const readReconcileConfig = (environment: Environment) =>
  pickWithTemporal(environment, 'DATABASE_URL', 'ORDER_DELAYED_AFTER', 'ORDER_UNCOLLECTED_AFTER');

/** What the commands that manage the shop must know. */
export const readManageConfig = (environment: Environment) =>
  pick(environment, 'NODE_ENV', 'PUBLIC_URL', 'DATABASE_URL');

/** The settings of the API process. */
export function readApiConfig(environment: Environment) {
  const config = pickWithTemporal(
    environment,
    'NODE_ENV',
    'LOG_LEVEL',
    'INSTANCE_ID',
    'HOST',
    'PORT',
    'METRICS_TOKEN',
    'PUBLIC_URL',
    'OAUTH_REDIRECT_URIS',
    'DATABASE_URL',
    'REDIS_URL',
    'TEMPORAL_UI_ORIGIN',
    'TEMPORAL_UI_CLIENT_SECRET',
    'CURRENCY',
    'SHOP_NAME',
    'SHOP_TIME_ZONE',
    'ORDER_DELAYED_AFTER',
    'ORDER_UNCOLLECTED_AFTER',
    'WEBHOOK_ALLOWED_NETWORKS',
    'CORS_ORIGINS',
    'TRUSTED_PROXIES',
    'MAX_CONNECTIONS',
    'HEADERS_TIMEOUT',
    'REQUEST_TIMEOUT',
    'STREAM_HEARTBEAT',
    'MAX_STREAMS',
    'MAX_STREAMS_PER_USER',
    'RATE_LIMITS',
    'RATE_LIMIT_PLACING',
    'RATE_LIMIT_USER',
    'RATE_LIMIT_ANONYMOUS',
    'RATE_LIMIT_SIGN_IN',
    'RATE_LIMIT_SIGN_IN_ADDRESS',
    'RATE_LIMIT_SIGN_IN_ACCOUNT',
    'RATE_LIMIT_ACCOUNT_MAIL',
    'BACKUP_DAYS',
    'SHOP_LANGUAGE',
    'SES_TOPIC_ARN',
    'SNS_ENDPOINT',
  );
  if (config.NODE_ENV === 'production' && config.SNS_ENDPOINT) {
    throw new ConfigurationError('SNS_ENDPOINT is for tests: production believes Amazon’s own certificates alone.');
  }
  if (config.NODE_ENV === 'production' && config.RATE_LIMITS === 'off') {
    throw new ConfigurationError('RATE_LIMITS=off is for benchmarks and tests: production keeps its rate limits.');
  }
  if (config.TEMPORAL_UI_CLIENT_SECRET && !mayTakeCodes(config.TEMPORAL_UI_ORIGIN ?? '')) {
    throw new ConfigurationError(
      'TEMPORAL_UI_CLIENT_SECRET goes with TEMPORAL_UI_ORIGIN, which must then be https (http for localhost).',
    );
  }
  return config;
}
export type ApiConfig = ReturnType<typeof readApiConfig>;

/** The settings of the worker process. */
export function readWorkerConfig(environment: Environment) {
  const config = pickWithTemporal(
    environment,
    'NODE_ENV',
    'LOG_LEVEL',
    'INSTANCE_ID',
    'HOST',
    'WORKER_HEALTH_PORT',
    'METRICS_TOKEN',
    'TEMPORAL_METRICS_PORT',
    'PUBLIC_URL',
    'DATABASE_URL',
    'REDIS_URL',
    'WORKFLOW_BUNDLE',
    'WEBHOOK_ALLOWED_NETWORKS',
    'EMAIL_TIMEOUT',
    'EMAIL_ANSWER_TIMEOUT',
    'EMAIL_UNANSWERED_RETRY_AFTER',
    'WEBHOOK_TIMEOUT',
    'WEBHOOK_RETRY_AFTER',
    'WEBHOOK_RETRY_FOR',
    'WEBHOOK_DISABLE_AFTER',
    'WEBHOOK_LOG_DAYS',
    'WORKER_DEPLOYMENT',
    'WORKER_BUILD_ID',
    'NOTIFICATIONS_ENV',
    'SMTP_URL',
    'EMAIL_FROM',
    'ORDERS_EMAIL',
    'SHOP_NAME',
    'SHOP_TIME_ZONE',
    'SHOP_LANGUAGE',
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
