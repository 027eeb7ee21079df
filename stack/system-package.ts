import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform } from 'node:os';
import { findOnPath } from './path.ts';
import { runToSuccess } from './process/guarded-process.ts';
import { startProgress } from './progress.ts';
import type { ServiceOptions } from './service.ts';
import { StackError } from './stack-error.ts';

const INSTALL_TIMEOUT_MS = 300_000;

/** The supported package managers, with the command that installs a package without recommended ones. */
const managers = [
  { command: 'apt-get', before: [['update']], install: ['install', '-y', '--no-install-recommends'] },
  { command: 'apk', before: [], install: ['add'] },
  { command: 'dnf', before: [], install: ['install', '-y'] },
] as const;

type Manager = (typeof managers)[number];

/** A program from a package of the operating system. */
export interface SystemPackage {
  title: string;
  /** Names of the program. The first one found is used. */
  programs: readonly [string, ...string[]];
  /** The package of the program, by package manager. */
  packages: Record<Manager['command'] | 'brew', string>;
  /** The alternative to installing it, such as "set REDIS_URL …". */
  instead: string;
}

/**
 * Finds a program on this machine. If it is missing and the user is root, installs it with the package manager.
 *
 * @throws {StackError} with the command that installs the program, if it is missing and cannot be installed
 */
export async function findProgram(wanted: SystemPackage, options: ServiceOptions): Promise<string> {
  const find = () => wanted.programs.map(findOnPath).find((path) => path !== undefined);
  const found = find();
  if (found) return found;
  const manager = managers.find(({ command }) => findOnPath(command));
  if (manager && process.getuid?.() === 0) await install(wanted, manager, options);
  const installed = find();
  if (!installed) throw new StackError(`${wanted.title} is missing: ${waysOut(wanted, manager)}.`);
  return installed;
}

/** Returns the instructions for a missing program, such as "type `sudo apk add redis`, or set …". */
function waysOut({ programs, packages, instead }: SystemPackage, manager: Manager | undefined): string {
  const install = manager
    ? `sudo ${manager.command} ${manager.install[0]} ${packages[manager.command]}`
    : platform() === 'darwin' && `brew install ${packages.brew}`;
  return `${install ? `type \`${install}\`` : `install ${programs.join(' or ')}`}, or ${instead}`;
}

async function install(wanted: SystemPackage, manager: Manager, options: ServiceOptions) {
  const { title, packages } = wanted;
  const progress = startProgress(`Installing ${title} with ${manager.command}, once`, options.log);
  try {
    for (const args of [...manager.before, [...manager.install, packages[manager.command]]]) {
      await runToSuccess(
        {
          name: `install-${title.toLowerCase()}`,
          command: manager.command,
          args: [...args],
          env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
          onLine: progress.detail,
        },
        {
          ...options,
          deadline: INSTALL_TIMEOUT_MS,
          failure: (reason) => `${title} could not be installed: ${reason}; ${waysOut(wanted, manager)}.`,
        },
      );
    }
    stopSystemService(packages[manager.command]);
  } finally {
    progress.end();
  }
}

/** Stops and disables the server that a distribution's package starts by itself, because only the program is needed. */
function stopSystemService(service: string) {
  const [command = '', ...args] = existsSync('/run/systemd/system')
    ? ['systemctl', 'disable', '--now', service]
    : [`/etc/init.d/${service}`, 'stop'];
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 30_000 });
  } catch {
    // The package has no service of this name.
  }
}
