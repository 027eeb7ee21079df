import { z } from 'zod';
import { toPlainLine } from '../domain/text.ts';
import { type Environment, parseSettings } from './environment.ts';
import { defaultAddress } from './local-services.ts';

/** Quotes a name for the header of an email, as RFC 5322 does. */
const quoted = (name: string) => `"${name.replaceAll(/["\\]/g, '\\$&')}"`;

/** The defaults of settings that production must set. */
const developmentDefaults: Record<string, (environment: Environment) => unknown> = {
  PUBLIC_URL: ({ PORT }) => `http://localhost:${PORT || 5000}`,
  DATABASE_URL: (environment) => defaultAddress('DATABASE_URL', environment),
  REDIS_URL: (environment) => defaultAddress('REDIS_URL', environment),
  TEMPORAL_ADDRESS: (environment) => defaultAddress('TEMPORAL_ADDRESS', environment),
  PAYLOAD_KEYS: () => [],
  SMTP_URL: (environment) => defaultAddress('SMTP_URL', environment),
  EMAIL_FROM: ({ SHOP_NAME }) => `${quoted(toPlainLine(SHOP_NAME || 'Crema'))} <orders@crema.example>`,
  ORDERS_EMAIL: () => 'shop@crema.example',
  WEBHOOK_ALLOWED_NETWORKS: () => ['127.0.0.0/8', '::1/128'],
};

/**
 * Parses the settings of a process of the shop. Outside production, settings that production must set have defaults.
 *
 * @throws {ConfigurationError} with a sentence for every variable that is missing or wrong
 */
export function parseShopSettings<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Environment,
): z.output<Schema> {
  const defaults = Object.entries(developmentDefaults)
    .filter(([name]) => name in schema.shape && hasDefault(name, environment))
    .map(([name, read]) => [name, z._default(schema.shape[name], () => read(environment))]);
  return parseSettings(schema.extend(Object.fromEntries(defaults)), environment) as z.output<Schema>;
}

/** Returns whether a setting has a default: outside production always, in production only SMTP_URL, which Amazon SES replaces. */
const hasDefault = (name: string, { NODE_ENV, NOTIFICATIONS_ENV }: Environment) =>
  NODE_ENV !== 'production' || (name === 'SMTP_URL' && NOTIFICATIONS_ENV === 'production');
