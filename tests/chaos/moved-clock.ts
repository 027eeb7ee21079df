import { globSync, writeFileSync } from 'node:fs';
import type { Environment } from '../../config/environment.ts';
import { findOnPath } from '../../stack/path.ts';
import { runProcess } from '../../stack/process/guarded-process.ts';
import type { ServiceOptions } from '../../stack/service.ts';

/** A clock of one process that can be moved at run time. */
export interface Clock {
  /** The environment for starting the process. */
  environment: Environment;
  /** Moves the clock. 0 resets it. Takes effect within a second. */
  move(seconds: number): void;
}

/** The paths of `faketime`'s library in Linux distributions. */
const LIBRARIES = '/usr/{lib,lib64,local/lib}{,/*-linux-gnu}/faketime/libfaketime.so.1';

const findLibrary = () => globSync(LIBRARIES)[0];

const INSTALL_DEADLINE_MS = 120_000;

/** Installs `faketime` with apt-get, if this process runs as root. */
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
 * Creates a clock for a new process. Returns undefined if `faketime` is not installed.
 *
 * @param file the file with the clock's offset
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
      // Only the time of day moves, not the monotonic clock.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    move,
  };
}
