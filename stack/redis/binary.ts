import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform } from 'node:os';
import { findOnPath } from '../path.ts';
import { runProcess } from '../process/guarded-process.ts';
import { lastWords, reasonIn } from '../process/last-words.ts';
import { startProgress } from '../progress.ts';
import type { ServiceOptions } from '../service.ts';
import { StackError } from '../stack-error.ts';

const names = ['redis-server', 'valkey-server'];
const installDeadline = 300_000;

/** The package managers we know, with what installs the server and nothing more. */
const managers = [
  {
    command: 'apt-get',
    steps: [['update'], ['install', '-y', '--no-install-recommends', 'redis-server']],
    type: 'sudo apt-get install redis-server',
  },
  { command: 'apk', steps: [['add', 'redis']], type: 'sudo apk add redis' },
  { command: 'dnf', steps: [['install', '-y', 'valkey']], type: 'sudo dnf install valkey' },
];

/**
 * Finds a Redis server on this machine; as root, installs one with the system's package manager.
 *
 * @throws {StackError} naming the command to type when neither is possible
 */
export async function findRedis(options: ServiceOptions): Promise<string> {
  const found = names.map(findOnPath).find((path) => path !== undefined);
  if (found) return found;
  const manager = managers.find(({ command }) => findOnPath(command));
  if (!manager || process.getuid?.() !== 0) throw missing(manager?.type);
  await install(manager, options);
  const installed = names.map(findOnPath).find((path) => path !== undefined);
  if (!installed) throw missing(manager.type);
  return installed;
}

async function install(manager: (typeof managers)[number], options: ServiceOptions) {
  const progress = startProgress(`Installing Redis with ${manager.command}, once`, options.log);
  try {
    for (const args of manager.steps) {
      const exit = await runProcess(
        {
          name: 'install-redis',
          command: manager.command,
          args,
          env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
          onLine: progress.detail,
        },
        { ...options, deadline: installDeadline },
      );
      if (exit?.code !== 0) {
        const why = exit
          ? reasonIn(lastWords(`${options.dataDir}/logs/install-redis.log`, 50))
          : `not done in ${installDeadline / 1000} s`;
        throw new StackError(`Redis could not be installed (${why}); type \`${manager.type}\`, or set REDIS_URL.`);
      }
    }
    stopSystemService();
  } finally {
    progress.end();
  }
}

/** A distribution's package starts a server of its own on 6379, now and at every boot. We asked for the program only. */
function stopSystemService() {
  const attempts = existsSync('/run/systemd/system')
    ? [['systemctl', 'disable', '--now', 'redis-server']]
    : [['/etc/init.d/redis-server', 'stop']];
  for (const [command = '', ...args] of attempts) {
    try {
      execFileSync(command, args, { stdio: 'ignore', timeout: 30_000 });
    } catch {
      // There is no such service, which is what we wanted.
    }
  }
}

function missing(type = platform() === 'darwin' ? 'brew install redis' : undefined) {
  const way = type ? `type \`${type}\`` : 'install redis-server or valkey-server';
  return new StackError(`Redis is missing: ${way}, or set REDIS_URL to one that runs.`);
}
