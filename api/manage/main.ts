import { readEnvironment } from '../../config/environment.ts';
import { runCommand } from '../../config/run-command.ts';
import { readManageConfig } from '../../config/settings.ts';
import { connect } from '../../db/connection.ts';
import { addManager } from './add-manager.ts';
import { type Command, UsageError } from './command.ts';

const commands: Record<string, Command> = { 'add-manager': addManager };

// `npm run manage -- <command> …`
await runCommand(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) return explain('Name a command.');
  const config = readManageConfig(readEnvironment());
  const database = connect(config.DATABASE_URL, { max: 2, name: 'crema-manage' });
  try {
    await command.run(args, { database, publicUrl: config.PUBLIC_URL, say: console.log });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    explain(error.message);
  } finally {
    await database.destroy();
  }
});

function explain(fault: string): void {
  const usages = Object.values(commands).map(({ usage }) => `  npm run manage -- ${usage}`);
  console.error([fault, ...usages].join('\n'));
  process.exitCode = 1;
}
