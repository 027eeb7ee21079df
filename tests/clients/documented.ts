import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A client of docs/clients.md. */
export interface DocumentedClient {
  title: string;
  /** The name of its folder in `tests/clients`. */
  folder: string;
  /** Shell commands, which run in a copy of the folder. */
  commands: string;
}

/** The clients of docs/clients.md: each is a section with the name of its folder and a block of commands. */
export function clientsIn(text: string): DocumentedClient[] {
  return text
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const folder = /`tests\/clients\/([\w-]+)`/.exec(section)?.[1];
      const commands = /```sh\n([\s\S]*?)```/.exec(section)?.[1];
      const title = section.slice(0, section.indexOf('\n'));
      return folder && commands ? [{ title, folder, commands }] : [];
    });
}

/** The commands that each client needs, with arguments for a call that succeeds if the command is installed. */
const TOOLS: Record<string, [command: string, ...args: string[]][]> = {
  typescript: [['npm', '--version']],
  'openapi-fetch': [['npm', '--version']],
  python: [['python3', '-c', 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))']],
  go: [['go', 'version']],
  java: [
    ['javac', '--version'],
    ['mvn', '--version'],
  ],
};

/** Returns a sentence about the first missing tool of a client; undefined if all are installed. */
export async function missingTool(folder: string, env = process.env): Promise<string | undefined> {
  for (const [command, ...args] of TOOLS[folder] ?? []) {
    const works = await execute(command, args, { env, timeout: 60_000 }).then(
      () => true,
      () => false,
    );
    if (!works)
      return `this machine has no ${command}${command === 'python3' ? ' of version 3.11 or newer, with venv' : ''}.`;
  }
  return undefined;
}
