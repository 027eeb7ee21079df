import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Identity, identify, isAlive } from './process/identity.ts';
import { StackError } from './stack-error.ts';

/** The addresses of a running shop, for other commands on this machine. */
export interface Addresses {
  api: string;
  redis: string;
  /** The mail catcher's page; missing if SMTP_URL names another mail server. */
  mail?: string | undefined;
}

type OpenShop = Identity & { addresses?: Addresses };

const fileIn = (dataDir: string) => join(dataDir, 'shop.json');

/** Returns the shop that now uses this data folder, or `undefined`. */
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
 * @throws {StackError} if another process uses it
 */
export function claimShop(dataDir: string): { saveAddresses(addresses: Addresses): void; release(): void } {
  makeFolder(dataDir);
  const open = findOpenShop(dataDir);
  if (open) {
    throw new StackError(
      `Crema is already open with this data folder (process ${open.pid}): stop it with Ctrl-C in its terminal.`,
    );
  }
  const file = fileIn(dataDir);
  rmSync(file, { force: true });
  const self = identify(process.pid);
  try {
    writeFileSync(file, JSON.stringify(self), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new StackError('Another `make run` with this data folder is starting: use that one, or stop it first.');
  }
  return {
    saveAddresses: (addresses) => writeFileSync(file, JSON.stringify({ ...self, addresses })),
    release: () => rmSync(file, { force: true }),
  };
}

/**
 * Creates a folder and its parents, unless they exist. It does not use the option `recursive`, with which Node's `mkdirSync`
 * never returns if the folder cannot be created, for example below /proc.
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
