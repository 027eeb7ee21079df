/** Groups of settings that several processes read. Each process spreads those it needs into its own schema. */
import { createSecretKey, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ISO_4217_PUBLISHED } from '../domain/currencies.ts';
import { currencies } from '../domain/money.ts';
import { isOneLine } from '../domain/text.ts';
import { ConfigurationError } from './environment.ts';
import { isNetwork, listOf, oneOf, origin, positive, secret, textLike, url, wholeNumber } from './fields.ts';

export const nodeEnvSettings = { NODE_ENV: oneOf('development', 'test', 'production').default('development') };

/** The settings of API and worker. */
export const serverSettings = {
  ...nodeEnvSettings,
  LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
  /** Identifies this process in `/health/ready`, for example the name of its container. */
  INSTANCE_ID: textLike(/^[!-~]{1,100}$/, 'must be 1 to 100 visible ASCII characters').default(() => randomUUID()),
  HOST: textLike(/^[^\s/]+$/, 'must be an address of this machine or its name, without a port').default('127.0.0.1'),
  /** The bearer token that permits reading `/metrics`. */
  METRICS_TOKEN: secret.optional(),
};

/** The base URL of the API as clients see it; the OAuth2 issuer. */
export const publicUrlSettings = { PUBLIC_URL: origin };

export const postgresSettings = { DATABASE_URL: url('postgres', 'postgresql') };

export const redisSettings = { REDIS_URL: url('redis', 'rediss') };

const HOST_AND_PORT = 'must be of the form host:port, with a port from 1 to 65535';
const hostAndPort = textLike(/^[^\s:/]+:\d{1,5}$/, HOST_AND_PORT).refine((address) => {
  const port = Number(address.split(':')[1]);
  return port >= 1 && port <= 65_535;
}, HOST_AND_PORT);

const KEYS = 'must be <id>:<32 bytes in base64>, several separated by commas; try openssl rand -base64 32';
/** Parses the keys to `KeyObject`s, whose content never appears in logs. */
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

/** The names are those of Temporal's own tools. */
export const temporalSettings = {
  TEMPORAL_ADDRESS: hostAndPort,
  TEMPORAL_TLS: oneOf('on', 'off').default('off'),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_KEY_PATH: z.string().optional(),
  TEMPORAL_TLS_SERVER_NAME: z.string().optional(),
  TEMPORAL_API_KEY: z.string().optional(),
  TEMPORAL_NAMESPACE: textLike(/^\S+$/, 'must be a name without spaces').default('default'),
  /** Distinguishes the shop from others in the same namespace. */
  TEMPORAL_TASK_QUEUE: textLike(/^[\w.:/-]{1,200}$/, 'must be 1 to 200 letters, digits or any of _ . : / -')
    .regex(/(?<!-email|-webhooks)$/, 'must not end in -email or -webhooks: a shop’s other task queues do')
    .default('orders'),
  /** The keys that encrypt payloads in Temporal: the first key encrypts, all decrypt. */
  PAYLOAD_KEYS: payloadKeys,
};

export const currencySettings = {
  CURRENCY: z
    .enum(
      currencies,
      `must be an ISO 4217 code (as of ${ISO_4217_PUBLISHED}) of a currency, such as USD; codes without minor units, such as XAU, have no prices`,
    )
    .default('USD'),
};

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
  // Some versions of Node also accept an offset such as +01:00, which ignores daylight saving.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const shopSettings = {
  /** The shop's name in emails, on pages and in documents. */
  SHOP_NAME: shopName.default('Crema'),
  /** The time zone of times in emails. */
  SHOP_TIME_ZONE: timeZone.default('UTC'),
  /** ISO 639: the language of emails to the shop, and of emails and pages for people without a language of their own. */
  SHOP_LANGUAGE: textLike(/^[a-z]{2,3}$/, 'must be an ISO 639 code such as en').default('en'),
};

/** @throws {ConfigurationError} if the language is not a known one */
export function requireLanguage(language: string, known: readonly string[]): void {
  if (known.includes(language)) return;
  throw new ConfigurationError(`SHOP_LANGUAGE must be one of the languages in languages/: ${known.join(', ')}.`);
}

export const alertSettings = {
  /** Seconds that an order may wait before the shop is alerted. */
  ORDER_DELAYED_AFTER: positive(600),
  /** Seconds that an order may stay ready before the customer is reminded. */
  ORDER_UNCOLLECTED_AFTER: positive(900),
};

export const customerNameSettings = {
  /** Days after the end of a counter order until the name of its customer is removed. */
  CUSTOMER_NAME_DAYS: wholeNumber(1, 3_650).default(30),
};

export const webhookAddressSettings = {
  /** Networks besides the internet that webhooks may be sent to. */
  WEBHOOK_ALLOWED_NETWORKS: z
    .string()
    .transform(listOf)
    .refine((all) => all.every(isNetwork), { error: 'must be networks such as 10.0.0.0/8,fd00::/8' })
    .default([]),
};
