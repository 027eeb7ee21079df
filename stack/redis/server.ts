import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { localAddress } from '../../config/local-services.ts';
import { type Service, type ServiceOptions, startService } from '../service.ts';
import { findProgram } from '../system-package.ts';

const redis = {
  title: 'Redis',
  programs: ['redis-server', 'valkey-server'],
  packages: { 'apt-get': 'redis-server', apk: 'redis', dnf: 'valkey', brew: 'redis' },
  instead: 'set REDIS_URL to one that runs',
} as const;

/** Starts Redis on 127.0.0.1, without persistence: Crema stores only data in Redis that may be lost. */
export async function startRedis(options: ServiceOptions & { port?: number }): Promise<Service> {
  const directory = join(options.dataDir, 'redis');
  mkdirSync(directory, { recursive: true });
  const command = await findProgram(redis, options);
  return startService(
    {
      name: 'redis',
      title: 'Redis',
      ports: { redis: options.port ?? 0 },
      program: ({ redis }) => ({
        command,
        args: ['--bind', '127.0.0.1', '--port', String(redis), '--dir', directory, '--save', '', '--appendonly', 'no'],
      }),
      url: ({ redis }) => localAddress('REDIS_URL', redis),
      isReady: ({ redis }) => answersPing(redis),
    },
    options,
  );
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString().startsWith('+PONG'));
    });
    socket.once('timeout', () => socket.destroy(new Error('it does not answer')));
    socket.once('error', reject);
  });
}
