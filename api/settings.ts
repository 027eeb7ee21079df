import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { parseShopSettings } from '../config/development-defaults.ts';
import { ConfigurationError, type Environment } from '../config/environment.ts';
import {
  isNetwork,
  listenPort,
  listOf,
  oneOf,
  origin,
  originOf,
  positive,
  seconds,
  secret,
  textLike,
  url,
  wholeNumber,
} from '../config/fields.ts';
import { IPV4_IN_IPV6 } from '../config/ip-addresses.ts';
import {
  alertSettings,
  currencySettings,
  postgresSettings,
  publicUrlSettings,
  redisSettings,
  serverSettings,
  shopSettings,
  temporalSettings,
  webhookAddressSettings,
} from '../config/setting-groups.ts';

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** Returns whether OAuth2 may send authorization codes to a URI. It must be https, or http on this machine. */
function isRedirectUri(uri: string): boolean {
  const { protocol, hostname, username, password } = URL.parse(uri) ?? {};
  const safe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname ?? ''));
  return safe && !uri.includes('#') && !username && !password;
}

const redirectUris = z
  .string()
  .default('')
  .transform((list) => list.split(/[\s,]+/).filter(Boolean))
  .refine((uris) => uris.every(isRedirectUri), 'must be https (http for localhost) addresses without #')
  .readonly();

const origins = z
  .string()
  .default('')
  .transform(listOf)
  .refine((all) => all.every((text) => originOf(text) === text), {
    error: 'must be origins such as https://shop.example, separated by commas',
  });

/** Returns whether a network contains IPv6 addresses that are parsed as IPv4. No address could match such a network. */
const isIpv4InIpv6 = (network: string) => IPV4_IN_IPV6.has(ipaddr.parseCIDR(network)[0].range());

/** A number of proxies, or their networks. */
const proxies = z
  .string()
  .default('0')
  .transform((text) => (/^\d{1,2}$/.test(text.trim()) ? Number(text) : listOf(text)))
  .refine((value) => typeof value === 'number' || value.every(isNetwork), {
    abort: true,
    error: 'must be a number of proxies, or networks such as 10.0.0.0/8,fd00::/8',
  })
  .refine((value) => typeof value === 'number' || !value.some(isIpv4InIpv6), {
    error: 'must have IPv4 networks in IPv4 notation, such as 10.0.0.0/8 for ::ffff:10.0.0.0/104',
  });

/** A number of requests in a number of seconds, such as `600/60`. */
const allowance = (fallback: `${number}/${number}`) =>
  textLike(/^[1-9]\d{0,8}\/[1-9]\d{0,5}$/, 'must be <count>/<seconds>, such as 600/60')
    .default(fallback)
    .transform((text) => {
      const [count = 0, seconds = 0] = text.split('/').map(Number);
      return { count, seconds };
    });

const schema = z.object({
  ...temporalSettings,
  ...serverSettings,
  ...publicUrlSettings,
  ...postgresSettings,
  ...redisSettings,
  ...currencySettings,
  ...shopSettings,
  ...alertSettings,
  ...webhookAddressSettings,
  PORT: listenPort(5000),
  /** The redirect URIs of browser apps after sign-in, separated by commas or spaces. */
  OAUTH_REDIRECT_URIS: redirectUris,
  /** The origin of the Temporal Web UI, which may decrypt payloads. */
  TEMPORAL_UI_ORIGIN: origin.optional(),
  TEMPORAL_UI_CLIENT_SECRET: secret.optional(),
  /** Origins besides PUBLIC_URL whose pages may use the API from a browser. */
  CORS_ORIGINS: origins,
  /** The proxies whose `X-Forwarded-For` is trusted. */
  TRUSTED_PROXIES: proxies,
  /** The maximum number of open connections per process. Further ones are closed immediately. */
  MAX_CONNECTIONS: positive(5_000),
  /** How long a client may take to send the headers of a request, and to send the whole request, in seconds. */
  HEADERS_TIMEOUT: seconds(10),
  REQUEST_TIMEOUT: seconds(30),
  /** Seconds between two heartbeats of an event stream. They prevent proxies from closing an idle connection. */
  STREAM_HEARTBEAT: wholeNumber(1, 30).default(15),
  /** The maximum number of open event streams per process, and per user. */
  MAX_STREAMS: positive(2_000),
  MAX_STREAMS_PER_USER: positive(20),
  RATE_LIMITS: oneOf('on', 'off').default('on'),
  RATE_LIMIT_PLACING: allowance('30/60'),
  RATE_LIMIT_USER: allowance('600/60'),
  RATE_LIMIT_ANONYMOUS: allowance('300/60'),
  /** Limits of wrong passwords: per account and address, per address, and per account from new addresses. */
  RATE_LIMIT_SIGN_IN: allowance('10/900'),
  RATE_LIMIT_SIGN_IN_ADDRESS: allowance('50/900'),
  RATE_LIMIT_SIGN_IN_ACCOUNT: allowance('20/3600'),
  /**
   * Limits the account emails to an address. Each kind is counted separately: registration, reset, invitation, address change.
   */
  RATE_LIMIT_ACCOUNT_MAIL: allowance('5/3600'),
  /**
   * Days that backups of Postgres are kept. Erasures are recorded for the same time, because a restored backup needs the records.
   */
  BACKUP_DAYS: wholeNumber(1, 3_650).default(90),
  /** The Amazon SNS topic with bounces and complaints of Amazon SES. */
  SES_TOPIC_ARN: textLike(
    /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/,
    'must be of the form arn:aws:sns:<region>:<account>:<topic>',
  ).optional(),
  /** For tests: the URL of a fake Amazon SNS. */
  SNS_ENDPOINT: url('http', 'https').optional(),
});

export type ApiSettings = z.output<typeof schema>;

/** @throws {ConfigurationError} if settings are missing, wrong or contradictory */
export function readApiSettings(environment: Environment): ApiSettings {
  const settings = parseShopSettings(schema, environment);
  if (settings.NODE_ENV === 'production' && settings.SNS_ENDPOINT) {
    throw new ConfigurationError(
      'SNS_ENDPOINT is for tests only: production accepts only certificates of Amazon. Remove it.',
    );
  }
  if (settings.NODE_ENV === 'production' && settings.RATE_LIMITS === 'off') {
    throw new ConfigurationError('RATE_LIMITS=off is for benchmarks and tests only. Remove it in production.');
  }
  if (settings.TEMPORAL_UI_CLIENT_SECRET && !isRedirectUri(settings.TEMPORAL_UI_ORIGIN ?? '')) {
    throw new ConfigurationError(
      'TEMPORAL_UI_CLIENT_SECRET requires TEMPORAL_UI_ORIGIN, which must then be https (http for localhost).',
    );
  }
  return settings;
}
