import { existsSync, readFileSync } from 'node:fs';

const LINES = 50;

/** Returns the last lines of a log, or an empty text if there is no log. */
export function logTail(log: string): string {
  if (!existsSync(log)) return '';
  return readFileSync(log, 'utf8').trim().split('\n').slice(-LINES).join('\n');
}

/** Returns the line that best explains why a program ended, from the last lines of its output. */
export function reasonIn(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() && !line.startsWith('Node.js v'));
  // Below the error, Node prints a stack trace and the error's fields, so the last line is often not the error.
  const line = lines.findLast((text) => /^\w*Error\b/.test(text)) ?? lines.at(-1) ?? '';
  if (!line.startsWith('{')) return line.trim().replace(/\.$/, '');
  try {
    const entry = JSON.parse(line);
    return String(entry.err?.message ?? entry.msg ?? line);
  } catch {
    return line;
  }
}
