import { globSync, writeFileSync } from 'node:fs';
import type { Environment } from '../../config/environment.ts';
import { findOnPath } from '../../stack/path.ts';
import { runProcess } from '../../stack/process/guarded-process.ts';
import type { ServiceOptions } from '../../stack/service.ts';

/** The clock of one process, which can be moved while it runs. */
export interface Clock {
  /** What the process must be started with. */
  environment: Environment;
  /** Moves it; 0 puts it right again. Takes effect within a second. */
  move(seconds: number): void;
}

/** Where Linux distributions put the library of `faketime`. */
const LIBRARIES = '/usr/{lib,lib64,local/lib}{,/*-linux-gnu}/faketime/libfaketime.so.1';

const findLibrary = () => globSync(LIBRARIES)[0];

const INSTALL_DEADLINE_MS = 120_000;

/** Installs `faketime` where we are root and there is a package manager that we know. It is fine if it does not come. */
export async function installFaketime(options: ServiceOptions): Promise<void> {
  const aptGet = findOnPath('apt-get');
  if (findLibrary() || !aptGet || process.getuid?.() !== 0) return;
  options.log?.('Installing faketime, once …');
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'faketime']]) {
    await runProcess(
      { name: 'install-faketime', command: aptGet, args },
      { ...options, deadline: INSTALL_DEADLINE_MS },
    );
  }
}

/**
 * A clock for a process to come; nothing where `faketime` is not installed.
 *
 * @param file where the clock's offset is kept
 */
export function createClock(file: string): Clock | undefined {
  const library = findLibrary();
  if (!library) return undefined;
  const move = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  move(0);
  return {
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      // Only what tells the time of day moves, as when a clock is set: what measures durations goes on.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    move,
  };
}
