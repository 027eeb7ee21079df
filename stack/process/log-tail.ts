import { existsSync, readFileSync } from 'node:fs';

/** Returns the last lines of a log, or an empty result if there is no log. */
export function logTail(log: string, lines: number): string {
  if (!existsSync(log)) return '';
  return readFileSync(log, 'utf8').trim().split('\n').slice(-lines).join('\n');
}

/** Returns the line of a program's last output that best explains why it ended. */
export function reasonIn(words: string): string {
  const lines = words.split('\n').filter((line) => line.trim() && !line.startsWith('Node.js v'));
  // Below the error, Node prints a stack trace and the error's fields.
  const line = lines.findLast((text) => /^\w*Error\b/.test(text)) ?? lines.at(-1) ?? '';
  if (!line.startsWith('{')) return line.trim().replace(/\.$/, '');
  try {
    const entry = JSON.parse(line);
    return String(entry.err?.message ?? entry.msg ?? line);
  } catch {
    return line;
  }
}
