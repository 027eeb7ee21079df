/** `make reset`: deletes the data of this machine's services. */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigurationError, readEnvironment } from '../config/environment.ts';
import { findOpenShop } from './open-shop.ts';
import { postgresFolder, postgresUser } from './postgres/user.ts';
import { stopLeftovers } from './process/leftovers.ts';
import { readStackSettings } from './settings.ts';
import { StackError } from './stack-error.ts';

const ours = ['postgres', 'temporal', 'redis', 'mail', 'logs', 'run', 'shop.json'];

try {
  const { DATA_DIR } = readStackSettings(readEnvironment());
  const open = findOpenShop(DATA_DIR);
  if (open) throw new StackError(`Crema is open (process ${open.pid}): stop it with Ctrl-C, then reset.`);
  mkdirSync(DATA_DIR, { recursive: true });
  await stopLeftovers(DATA_DIR);
  const folders = [postgresFolder(DATA_DIR, postgresUser())];
  // A folder that someone named may hold other things of theirs.
  if (DATA_DIR === resolve('.data')) folders.push(DATA_DIR);
  else folders.push(...ours.map((name) => join(DATA_DIR, name)));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`All data in ${DATA_DIR} is gone; \`make run\` begins anew.\n`);
} catch (error) {
  if (!(error instanceof StackError || error instanceof ConfigurationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
