import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { localAddress } from '../../config/local-services.ts';
import { firstReply } from '../first-reply.ts';
import { type LocalServiceOptions, type Service, startService } from '../service.ts';
import { findProgram } from '../system-package.ts';

const redis = {
  title: 'Redis',
  programs: ['redis-server', 'valkey-server'],
  packages: { 'apt-get': 'redis-server', apk: 'redis', dnf: 'valkey', brew: 'redis' },
  instead: 'set REDIS_URL to the address of a running Redis',
} as const;

/** Starts Redis on 127.0.0.1. It has no persistence, because Crema tolerates the loss of its data. */
export async function startRedis(options: LocalServiceOptions): Promise<Service> {
  const directory = join(options.dataDir, 'redis');
  mkdirSync(directory, { recursive: true });
  const command = await findProgram(redis, options);
  return startService(
    {
      name: 'redis',
      title: 'Redis',
      ports: { redis: options.ports?.REDIS_PORT },
      program: ({ redis }) => ({
        command,
        args: ['--bind', '127.0.0.1', '--port', String(redis), '--dir', directory, '--save', '', '--appendonly', 'no'],
      }),
      url: ({ redis }) => localAddress('REDIS_URL', redis),
      isReady: async ({ redis }) => (await firstReply(redis, 'PING\r\n')).startsWith('+PONG'),
    },
    options,
  );
}
