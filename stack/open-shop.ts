import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Identity, identify, isAlive } from './process/identity.ts';
import { StackError } from './stack-error.ts';

/** Where a running shop can be reached; other commands on this machine read it. */
export interface Addresses {
  api: string;
  redis: string;
  /** The mail catcher's page; missing where emails go elsewhere. */
  mail?: string | undefined;
}

type OpenShop = Identity & { addresses?: Addresses };

const fileIn = (dataDir: string) => join(dataDir, 'shop.json');

/** The shop that is open on this data folder now, or `undefined`. */
export function findOpenShop(dataDir: string): OpenShop | undefined {
  try {
    const shop = JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as OpenShop;
    return isAlive(shop) ? shop : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes this process the only one that uses a data folder.
 *
 * @throws {StackError} when another one does
 */
export function claimShop(dataDir: string): { announce(addresses: Addresses): void; release(): void } {
  makeFolder(dataDir);
  const open = findOpenShop(dataDir);
  if (open)
    throw new StackError(
      `Crema is already open here (process ${open.pid}): stop that one first, with Ctrl-C in its terminal.`,
    );
  const file = fileIn(dataDir);
  rmSync(file, { force: true });
  const self = identify(process.pid);
  try {
    writeFileSync(file, JSON.stringify(self), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new StackError('Another `make run` begins at this very moment; let it.');
  }
  return {
    announce: (addresses) => writeFileSync(file, JSON.stringify({ ...self, addresses })),
    release: () => rmSync(file, { force: true }),
  };
}

/**
 * Makes a folder, and those above it, unless it is there. `recursive` of `mkdirSync` does not end below /proc, which takes none.
 *
 * @throws the system's error, with the path
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
