import { ConfigurationError, readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { printServicesInUse } from '../config/services-in-use.ts';
import { connect } from '../db/connection.ts';
import { addManager } from './add-manager.ts';
import type { Command } from './command.ts';
import { exportMenu } from './export-menu.ts';
import { importMenu } from './import-menu.ts';
import { rotateKeys } from './rotate-keys.ts';
import { addServiceClient, listServiceClients, removeServiceClient } from './service-clients.ts';
import { readManageSettings } from './settings.ts';

const commands: readonly Command[] = [
  addManager,
  addServiceClient,
  removeServiceClient,
  listServiceClients,
  rotateKeys,
  importMenu,
  exportMenu,
];

const usageOf = ({ usage }: Command) => `npm run manage -- ${usage}`;
const help = `Commands for the shop's owner:\n\n${commands.map((command) => `  ${usageOf(command)}`).join('\n')}`;

// `npm run manage -- <command>` changes managers, service clients, keys and the menu in Postgres. Running processes apply the change within 30 s.
await runCommand(async () => {
  const [name = '--help', ...args] = process.argv.slice(2);
  if (name === '--help') return console.log(help);
  const command = commands.find(({ usage }) => usage.split(' ')[0] === name);
  if (!command)
    throw new ConfigurationError(`There is no command ${name}; npm run manage -- --help lists all commands.`);
  if (args.includes('--help')) return console.log(usageOf(command));

  const { DATABASE_URL, PUBLIC_URL: publicUrl, CURRENCY: currency } = readManageSettings(readEnvironment());
  const database = connect(DATABASE_URL, { max: 1, name: 'crema-manage' });
  // Printed only at the first query, so that a command with invalid arguments prints just its error.
  database.once('query', () => printServicesInUse({ DATABASE_URL }));
  try {
    await command.run(args, { database, publicUrl, currency });
  } catch (error) {
    throw withUsage(error, command);
  } finally {
    await database.destroy();
  }
});

/** Adds a command's usage to an error of Node's `parseArgs`, and returns other errors unchanged. */
function withUsage(error: unknown, command: Command): unknown {
  const { code, message } = error as { code?: unknown; message?: string };
  if (!String(code).startsWith('ERR_PARSE_ARGS')) return error;
  return new ConfigurationError(`${message?.replace(/\.?$/, '.')} Usage: ${usageOf(command)}`);
}
