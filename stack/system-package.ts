import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform } from 'node:os';
import { findOnPath } from './path.ts';
import { runProcess } from './process/guarded-process.ts';
import { logTail, reasonIn } from './process/log-tail.ts';
import { startProgress } from './progress.ts';
import type { ServiceOptions } from './service.ts';
import { StackError } from './stack-error.ts';

const installDeadline = 300_000;

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
  /** The alternative to installing it: "set …". */
  instead: string;
}

/**
 * Finds a program on this machine. If it is missing and the user is root, installs it with the package manager.
 *
 * @throws {StackError} with the command that installs the program, if neither is possible
 */
export async function findProgram(wanted: SystemPackage, options: ServiceOptions): Promise<string> {
  const found = () => wanted.programs.map(findOnPath).find((path) => path !== undefined);
  const before = found();
  if (before) return before;
  const manager = managers.find(({ command }) => findOnPath(command));
  if (!manager || process.getuid?.() !== 0) throw missing(wanted, manager);
  await install(wanted, manager, options);
  const installed = found();
  if (!installed) throw missing(wanted, manager);
  return installed;
}

const typed = ({ packages }: SystemPackage, { command, install: [verb] }: Manager) =>
  `sudo ${command} ${verb} ${packages[command]}`;

async function install(wanted: SystemPackage, manager: Manager, options: ServiceOptions) {
  const { title, instead } = wanted;
  const name = `install-${title.toLowerCase()}`;
  const progress = startProgress(`Installing ${title} with ${manager.command}, once`, options.log);
  try {
    for (const args of [...manager.before, [...manager.install, wanted.packages[manager.command]]]) {
      const exit = await runProcess(
        {
          name,
          command: manager.command,
          args: [...args],
          env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
          onLine: progress.detail,
        },
        { ...options, deadline: installDeadline },
      );
      if (exit?.code !== 0) {
        const why = exit
          ? reasonIn(logTail(`${options.dataDir}/logs/${name}.log`, 50))
          : `not done in ${installDeadline / 1000} s`;
        throw new StackError(
          `${title} could not be installed (${why}); type \`${typed(wanted, manager)}\`, or ${instead}.`,
        );
      }
    }
    stopSystemService(wanted.packages[manager.command]);
  } finally {
    progress.end();
  }
}

/** Stops and disables the server that a distribution's package starts by itself. Only the program is needed. */
function stopSystemService(service: string) {
  const attempts = existsSync('/run/systemd/system')
    ? [['systemctl', 'disable', '--now', service]]
    : [[`/etc/init.d/${service}`, 'stop']];
  for (const [command = '', ...args] of attempts) {
    try {
      execFileSync(command, args, { stdio: 'ignore', timeout: 30_000 });
    } catch {
      // The package has no such service.
    }
  }
}

function missing(wanted: SystemPackage, manager: Manager | undefined) {
  const { title, programs, packages, instead } = wanted;
  const command = manager ? typed(wanted, manager) : platform() === 'darwin' && `brew install ${packages.brew}`;
  const way = command ? `type \`${command}\`` : `install ${programs.join(' or ')}`;
  return new StackError(`${title} is missing: ${way}, or ${instead}.`);
}
