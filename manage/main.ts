import { ConfigurationError, readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { printServicesInUse } from '../config/services-in-use.ts';
import { connect } from '../db/connection.ts';
import { addManager } from './add-manager.ts';
import type { Command } from './command.ts';
import { rotateKeys } from './rotate-keys.ts';
import { addServiceClient, listServiceClients, removeServiceClient } from './service-clients.ts';
import { readManageSettings } from './settings.ts';

const commands: readonly Command[] = [
  addManager,
  addServiceClient,
  removeServiceClient,
  listServiceClients,
  rotateKeys,
];

const call = ({ usage }: Command) => `npm run manage -- ${usage}`;
const help = `What the shop's owner does by hand:\n\n${commands.map((command) => `  ${call(command)}`).join('\n')}`;

// `npm run manage -- <command>`: services, keys and people, straight in Postgres; running processes learn of it by themselves.
await runCommand(async () => {
  const [name = '--help', ...args] = process.argv.slice(2);
  if (name === '--help') return console.log(help);
  const command = commands.find(({ usage }) => usage.split(' ')[0] === name);
  if (!command) throw new ConfigurationError(`There is no command ${name}; npm run manage -- --help lists them.`);
  if (args.includes('--help')) return console.log(call(command));

  const { DATABASE_URL, PUBLIC_URL: publicUrl } = readManageSettings(readEnvironment());
  const database = connect(DATABASE_URL, { max: 1, name: 'crema-manage' });
  // At the first query: arguments that a command refuses reach no service.
  database.once('query', () => printServicesInUse({ DATABASE_URL }));
  try {
    await command.run(args, { database, publicUrl });
  } catch (error) {
    throw asSentence(error, command);
  } finally {
    await database.destroy();
  }
});

/** What Node says of arguments that it cannot make out is for people, too. */
function asSentence(error: unknown, command: Command): unknown {
  const { code, message } = error as { code?: unknown; message?: string };
  if (!String(code).startsWith('ERR_PARSE_ARGS')) return error;
  return new ConfigurationError(`${message?.replace(/\.?$/, '.')} Usage: ${call(command)}`);
}
