import { z } from 'zod';

type Issue = z.core.$ZodRawIssue;

const types: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

/**
 * Describes what is wrong with a value, unless its schema has an error text of its own. The text follows the name of a field,
 * for example "is required".
 */
export function faultDetail(issue: Issue): string {
  if (issue.input === undefined) return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${types[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'too_small':
      return bound('at least', Number(issue.minimum), issue.origin);
    case 'too_big':
      return bound('at most', Number(issue.maximum), issue.origin);
    case 'invalid_format':
      return formatDetail(issue.format, String(issue.input));
    default:
      return 'is not allowed';
  }
}

/** The units of the limits of strings and arrays. */
const counted: Record<string, [one: string, several: string]> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
};

function bound(limit: string, count: number, origin: string): string {
  const units = counted[origin];
  if (!units) return `must be ${limit} ${count}`;
  return `must have ${limit} ${count} ${units[count === 1 ? 0 : 1]}`;
}

const examples: Record<string, string> = {
  uuid: 'a UUID such as 0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a10',
  base64: 'base64 such as Y3JlbWE=',
  datetime: 'an RFC 3339 time such as 2026-11-28T14:05:00Z or 2026-11-28T15:05:00+01:00',
};

function formatDetail(format: string, input: string): string {
  const missing = format === 'datetime' && missingInTime(input);
  return missing || `must be ${examples[format] ?? `of the format ${format}`}`;
}

const isTime = (text: string): boolean => z.iso.datetime({ offset: true }).safeParse(text).success;

/** Returns a hint for a time that is valid except for a missing time zone or a missing plus sign before the offset. */
function missingInTime(input: string): string | undefined {
  if (input.length > 40) return undefined;
  if (isTime(`${input}Z`)) return `${input} lacks a time zone: add Z or an offset such as +01:00`;
  const withPlus = input.replace(/ (?=\d{2}:\d{2}$)/, '+');
  return isTime(withPlus) ? `${input} has a space instead of the plus sign: encode + as %2B in a URL` : undefined;
}
