import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findOnPath } from '../path.ts';
import { runProcess } from '../process/guarded-process.ts';
import { logTail, reasonIn } from '../process/log-tail.ts';
import { startProgress } from '../progress.ts';
import type { ServiceOptions } from '../service.ts';
import { StackError } from '../stack-error.ts';

const version = '1.5.1';
const buildDeadline = 30 * 60_000;
const downloadDeadline = 5 * 60_000;

/**
 * Finds Temporal's command line program, which contains the development server: on the PATH or in the project's cache.
 * Otherwise downloads it or builds it from source.
 *
 * @throws {StackError} if the program is neither found nor can be downloaded or built
 */
export async function findTemporal(options: ServiceOptions): Promise<string> {
  const installed = findOnPath('temporal');
  if (installed && isNewEnough(installed)) return installed;
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'crema', 'bin');
  const cached = join(cache, `temporal-${version}`);
  if (existsSync(cached)) return cached;
  mkdirSync(cache, { recursive: true });
  // The file is completed beside the cache and then moved, so that a kill leaves no incomplete file in the cache.
  const workshop = mkdtempSync(join(cache, 'new-'));
  try {
    const made = (await download(workshop, options)) ?? (await build(workshop, options));
    renameSync(made, cached);
    return cached;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function isNewEnough(command: string): boolean {
  try {
    const help = execFileSync(command, ['server', 'start-dev', '--help'], { encoding: 'utf8', timeout: 10_000 });
    return help.includes('--search-attribute') && help.includes('--sqlite-pragma');
  } catch {
    return false;
  }
}

/** Runs the SDK's download in a separate process, because it has no deadline and cannot be cancelled. */
async function download(workshop: string, options: ServiceOptions): Promise<string | undefined> {
  const reachable = await fetch('https://temporal.download', {
    method: 'HEAD',
    signal: AbortSignal.timeout(5_000),
  }).then(
    () => true,
    () => false,
  );
  if (!reachable) return undefined;
  const progress = startProgress(`Downloading Temporal ${version}, once`, options.log);
  try {
    const exit = await runProcess(
      {
        name: 'download-temporal',
        command: process.execPath,
        args: [join(import.meta.dirname, 'download.ts'), workshop, `v${version}`],
      },
      { ...options, deadline: downloadDeadline },
    );
    const file = join(workshop, `temporal-v${version}`);
    return exit?.code === 0 && existsSync(file) ? file : undefined;
  } finally {
    progress.end();
  }
}

async function build(workshop: string, options: ServiceOptions): Promise<string> {
  const wayOut = `put \`temporal\` on the PATH (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS`;
  const go = findOnPath('go');
  if (!go)
    throw new StackError(
      `Temporal is missing, its download cannot be reached and there is no Go to build it: ${wayOut}.`,
    );
  const progress = startProgress(`Building Temporal ${version} from source, once; this takes minutes`, options.log);
  let downloaded = 0;
  let compiled = 0;
  try {
    const exit = await runProcess(
      {
        name: 'build-temporal',
        command: go,
        args: ['install', '-v', `github.com/temporalio/cli/cmd/temporal@v${version}`],
        env: { ...process.env, GOBIN: workshop },
        onLine(line) {
          const isDownload = line.startsWith('go: downloading ');
          if (isDownload) downloaded += 1;
          else compiled += 1;
          const now = line.replace('go: downloading ', '');
          progress.detail(
            isDownload
              ? `${downloaded} modules downloaded, now ${now}`
              : `${compiled} of about 1,300 packages compiled, now ${now}`,
          );
        },
      },
      { ...options, deadline: buildDeadline },
    );
    if (exit?.code === 0) return join(workshop, 'temporal');
    const log = join(options.dataDir, 'logs', 'build-temporal.log');
    const why = exit ? reasonIn(logTail(log, 50)) : `not done in ${buildDeadline / 60_000} minutes`;
    throw new StackError(`Temporal could not be built (${why}; ${log} has more): ${wayOut}.`);
  } finally {
    progress.end();
  }
}
