import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';

/** The process's environment, or one that stands in for it. */
export type Environment = Record<string, string | undefined>;

/** A setting is missing or wrong. The message is one or more sentences for the person who can mend it. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
}

/**
 * The settings of this process: its environment over what the file `.env` says.
 *
 * @param named another file than `.env`, by default what `ENV_FILE` says
 * @throws {ConfigurationError} when a line of the file is not `NAME=value`, or the named file is not there
 */
export function readEnvironment(named = process.env.ENV_FILE): Environment {
  const file = named || '.env';
  if (!existsSync(file)) {
    if (named) throw new ConfigurationError(`ENV_FILE names ${file}, which is not there: correct it.`);
    return process.env;
  }
  const text = readFileSync(file, 'utf8');
  // parseEnv passes over what it cannot read, and a typing error would then silently mean the default.
  let quote: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (quote !== undefined) {
      if (line.includes(quote)) quote = undefined;
      continue;
    }
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=(.*)$/.exec(line);
    if (!match) {
      throw new ConfigurationError(`Line ${index + 1} of ${file} is not of the form NAME=value; mend or remove it.`);
    }
    const value = match[1]?.trimStart() ?? '';
    const opening = /^["'`]/.exec(value)?.[0];
    if (opening && !value.slice(1).includes(opening)) quote = opening;
  }
  if (quote !== undefined) throw new ConfigurationError(`A ${quote} opened in ${file} is never closed; close it.`);
  return { ...parseEnv(text), ...process.env };
}

/**
 * Parses settings once, at the start of a process.
 *
 * @param schema one field per variable; variables it does not name are ignored. Its messages are rules: `must be …`
 * @param environment see {@link readEnvironment}
 * @throws {ConfigurationError} with a sentence for every variable that is missing or wrong
 */
export function parseSettings<Schema extends z.ZodType>(schema: Schema, environment: Environment): z.output<Schema> {
  // `NAME=` in a file means "not set".
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  // Of several faults in one variable, the first is said.
  const faults = new Map(result.error.issues.toReversed().map(({ path: [name], message }) => [String(name), message]));
  const sentences = [...faults].map(([name, rule]) =>
    name in given ? `${name} ${rule}.` : `${name} is missing: it ${rule}.`,
  );
  throw new ConfigurationError(`The configuration is wrong. ${sentences.toReversed().join(' ')} See .env.example.`);
}

/** A setting that is a text of this form. @param rule goes on after its name: `must be …` */
export const textLike = (form: RegExp, rule: string) => z.string(rule).regex(form, rule);

/** A setting that is a whole number. @param what if it is more than a number, such as `a port` */
export function wholeNumber(min: number, max: number, what = 'a whole number') {
  const rule = `must be ${what} from ${min} to ${max}`;
  return textLike(/^\d{1,15}$/, rule)
    .transform(Number)
    .pipe(z.number().min(min, rule).max(max, rule));
}

/** A setting that is one of a few words. */
export const oneOf = <const Word extends string>(...words: Word[]) =>
  z.enum(words, `must be one of ${words.join(', ')}`);
