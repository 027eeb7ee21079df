import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** How often, and how far apart in ms, memory is looked at: garbage comes and goes. */
const LOOKS = 10;
const LOOK_EVERY = 200;

/** The resident memory of some processes, in MB, looked at a few times. */
export async function memoryOf<Name extends string>(
  pids: Record<Name, number>,
  { count, duration, signal }: { count(usual: number): number; duration(usual: number): number; signal: AbortSignal },
): Promise<Record<Name, number[]>> {
  const names = Object.keys(pids) as Name[];
  const looks = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let look = 0; look < count(LOOKS); look += 1) {
    await delay(duration(LOOK_EVERY), undefined, { signal });
    for (const name of names) looks[name].push(residentMegabytes(pids[name]));
  }
  return looks;
}

function residentMegabytes(pid: number): number {
  const kilobytes =
    process.platform === 'linux'
      ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 });
  return Number(kilobytes) / 1_024;
}
