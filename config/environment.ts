import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { z } from 'zod';

/** Environment variables by name. */
export type Environment = Record<string, string | undefined>;

/** A setting is missing or wrong. The message says in full sentences what to correct. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

/**
 * Returns the variables of the file `.env`, overridden by those of the process.
 *
 * @param named a file to read instead of `.env`; must exist
 * @throws {ConfigurationError} if the named file does not exist, or a line is not of the form `NAME=value`
 */
export function readEnvironment(named = process.env.ENV_FILE): Environment {
  const file = named || '.env';
  if (!existsSync(file)) {
    if (named) throw new ConfigurationError(`ENV_FILE names ${file}, which does not exist: correct it.`);
    return process.env;
  }
  const text = readFileSync(file, 'utf8');
  // parseEnv skips malformed lines, so a typing error would silently mean the default. This loop rejects such lines.
  let quote: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (quote !== undefined) {
      if (line.includes(quote)) quote = undefined;
      continue;
    }
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=(.*)$/.exec(line);
    if (!match) {
      throw new ConfigurationError(`Line ${index + 1} of ${file} is not of the form NAME=value: correct or remove it.`);
    }
    const value = match[1]?.trimStart() ?? '';
    const opening = /^["'`]/.exec(value)?.[0];
    if (opening && !value.slice(1).includes(opening)) quote = opening;
  }
  if (quote !== undefined) throw new ConfigurationError(`A ${quote} in ${file} is never closed: close it.`);
  return { ...parseEnv(text), ...process.env };
}

/**
 * Parses settings.
 *
 * @param schema one field per variable; other variables are ignored. Error messages continue after the name: `must be …`
 * @throws {ConfigurationError} with a sentence for every variable that is missing or wrong
 */
export function parseSettings<Schema extends z.ZodType>(schema: Schema, environment: Environment): z.output<Schema> {
  // An empty value counts as not set.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  // Only the first fault of each variable is reported.
  const faults = new Map(result.error.issues.toReversed().map(({ path: [name], message }) => [String(name), message]));
  const sentences = [...faults].map(([name, rule]) =>
    name in given ? `${name} ${rule}.` : `${name} is missing: it ${rule}.`,
  );
  throw new ConfigurationError(`The configuration is wrong. ${sentences.toReversed().join(' ')} See .env.example.`);
}
