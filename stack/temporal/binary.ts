import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findOnPath } from '../path.ts';
import { runProcess, runToSuccess } from '../process/guarded-process.ts';
import { startProgress } from '../progress.ts';
import type { ServiceOptions } from '../service.ts';
import { StackError } from '../stack-error.ts';

const version = '1.5.1';
const BUILD_TIMEOUT_MS = 30 * 60_000;
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;
const WAY_OUT = 'put `temporal` on the PATH (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS';

/**
 * Finds Temporal's command line program, which contains the development server: on the PATH or in the user's cache.
 * Otherwise downloads it or builds it from source.
 *
 * @throws {StackError} if the program cannot be found, downloaded or built
 */
export async function findTemporal(options: ServiceOptions): Promise<string> {
  const installed = findOnPath('temporal');
  if (installed && isNewEnough(installed)) return installed;
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'crema', 'bin');
  const cached = join(cache, `temporal-${version}`);
  if (existsSync(cached)) return cached;
  mkdirSync(cache, { recursive: true });
  // The file is completed in a temporary folder and then moved, so that a kill leaves no incomplete file in the cache.
  const folder = mkdtempSync(join(cache, 'new-'));
  try {
    renameSync((await download(folder, options)) ?? (await build(folder, options)), cached);
    return cached;
  } finally {
    rmSync(folder, { recursive: true, force: true });
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

/** Runs the SDK's download in a separate process, because the download has no deadline and cannot be cancelled. */
async function download(folder: string, options: ServiceOptions): Promise<string | undefined> {
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
        args: [join(import.meta.dirname, 'download.ts'), folder, `v${version}`],
      },
      { ...options, deadline: DOWNLOAD_TIMEOUT_MS },
    );
    const file = join(folder, `temporal-v${version}`);
    return exit?.code === 0 && existsSync(file) ? file : undefined;
  } finally {
    progress.end();
  }
}

async function build(folder: string, options: ServiceOptions): Promise<string> {
  const go = findOnPath('go');
  if (!go) {
    throw new StackError(
      `Temporal is missing, its download failed, and Go is not installed, which could build it: ${WAY_OUT}.`,
    );
  }
  const progress = startProgress(`Building Temporal ${version} from source, once; this takes minutes`, options.log);
  let downloaded = 0;
  let compiled = 0;
  const onLine = (line: string) => {
    const module = /^go: downloading (.*)/.exec(line)?.[1];
    if (module) progress.detail(`${++downloaded} modules downloaded, now ${module}`);
    else progress.detail(`${++compiled} of about 1,300 packages compiled, now ${line}`);
  };
  try {
    await runToSuccess(
      {
        name: 'build-temporal',
        command: go,
        args: ['install', '-v', `github.com/temporalio/cli/cmd/temporal@v${version}`],
        env: { ...process.env, GOBIN: folder },
        onLine,
      },
      {
        ...options,
        deadline: BUILD_TIMEOUT_MS,
        failure: (reason) => `Temporal could not be built: ${reason}; ${WAY_OUT}.`,
      },
    );
    return join(folder, 'temporal');
  } finally {
    progress.end();
  }
}
