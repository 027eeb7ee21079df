import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../wait.ts';
import { runDirectory } from './guarded-process.ts';
import { type Identity, isAlive, send } from './identity.ts';

interface PidFile extends Identity {
  name: string;
  guard?: Identity;
  stopSignal: NodeJS.Signals;
}

/**
 * Stops the processes of an earlier run whose starter and guard were both killed. A process is stopped only if both its
 * id and its start time match the pid file.
 *
 * @returns the names of the stopped processes
 */
export async function stopLeftovers(dataDir: string): Promise<string[]> {
  const directory = runDirectory(dataDir);
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory).filter((file) => file.endsWith('.json'));
  const stopped = await Promise.all(files.map((file) => stopLeftover(join(directory, file))));
  return stopped.filter((name) => name !== undefined);
}

async function stopLeftover(file: string): Promise<string | undefined> {
  const left = readPidFile(file);
  const running = left !== undefined && isAlive(left);
  if (running) await end(left, left.stopSignal);
  if (left?.guard && isAlive(left.guard)) await end(left.guard, 'SIGTERM');
  rmSync(file, { force: true });
  return running ? left.name : undefined;
}

/** Sends the given signal and SIGCONT, and SIGKILL if the process has not ended after ten seconds. */
export async function end(identity: Identity, stopSignal: NodeJS.Signals): Promise<void> {
  const gone = () => !isAlive(identity);
  send(identity, stopSignal);
  send(identity, 'SIGCONT');
  try {
    await waitFor(`Process ${identity.pid}`, gone, { deadline: 10_000 });
  } catch {
    send(identity, 'SIGKILL');
    await waitFor(`The end of process ${identity.pid}`, gone, { deadline: 5_000 });
  }
}

function readPidFile(file: string): PidFile | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The file is incomplete because the machine stopped while it was written, so the process has ended as well.
    return undefined;
  }
}
