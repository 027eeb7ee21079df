import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { localAddress } from '../../config/local-services.ts';
import { type Service, type ServiceOptions, startService } from '../service.ts';
import { findRedis } from './binary.ts';

/** Starts Redis on 127.0.0.1. It keeps nothing on disk: design §2 gives it nothing that cannot be lost. */
export async function startRedis(options: ServiceOptions & { port?: number }): Promise<Service> {
  const directory = join(options.dataDir, 'redis');
  mkdirSync(directory, { recursive: true });
  const command = await findRedis(options);
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
