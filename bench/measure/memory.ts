import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The number of samples, and the time between them in ms. Garbage collection makes a single sample unreliable. */
const SAMPLES = 10;
const SAMPLE_EVERY_MS = 200;

/** Returns samples of the resident memory of processes, in MB. */
export async function memoryOf<Name extends string>(
  pids: Record<Name, number>,
  { count, duration, signal }: { count(usual: number): number; duration(usual: number): number; signal: AbortSignal },
): Promise<Record<Name, number[]>> {
  const names = Object.keys(pids) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let sample = 0; sample < count(SAMPLES); sample += 1) {
    await delay(duration(SAMPLE_EVERY_MS), undefined, { signal });
    for (const name of names) samples[name].push(residentMegabytes(pids[name]));
  }
  return samples;
}

function residentMegabytes(pid: number): number {
  const kilobytes =
    process.platform === 'linux'
      ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 });
  return Number(kilobytes) / 1_024;
}
