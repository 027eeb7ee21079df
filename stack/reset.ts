/** `make reset`: deletes the data of this machine's services. */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { findOpenShop, makeFolder } from './open-shop.ts';
import { postgresFolder, postgresUser } from './postgres/user.ts';
import { stopLeftovers } from './process/leftovers.ts';
import { readStackSettings } from './settings.ts';
import { StackError } from './stack-error.ts';

const ours = ['postgres', 'temporal', 'redis', 'mail', 'logs', 'run', 'shop.json'];

await runCommand(async () => {
  const { DATA_DIR } = readStackSettings(readEnvironment());
  const open = findOpenShop(DATA_DIR);
  if (open) throw new StackError(`Crema is open (process ${open.pid}): stop it with Ctrl-C, then run this again.`);
  makeFolder(DATA_DIR);
  await stopLeftovers(DATA_DIR);
  const folders = [postgresFolder(DATA_DIR, postgresUser())];
  // A data folder that the user chose may contain other files, so only Crema's are deleted.
  if (DATA_DIR === resolve('.data')) folders.push(DATA_DIR);
  else folders.push(...ours.map((name) => join(DATA_DIR, name)));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`Deleted all data in ${DATA_DIR}. The next \`make run\` creates a new database.\n`);
});
