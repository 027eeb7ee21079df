import { Redis } from 'ioredis';
import { subscribeToRedis } from '../../config/redis-connection.ts';
import { startRedis } from '../../stack/redis/server.ts';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';
import { makeDataFolder } from '../evidence/keep-on-failure.ts';

const data = makeDataFolder('redis');
let server: Service;
let owner: Redis;
beforeAll(async () => {
  server = await startRedis({ dataDir: data.path });
  owner = new Redis(server.url);
}, 60_000);
afterAll(async () => {
  owner?.disconnect();
  await server?.stop();
  data.remove();
});

test('logs a rejected subscription once and retries until Redis accepts it', async () => {
  await owner.acl('SETUSER', 'default', 'resetchannels');
  const warnings: [{ err: Error }, string][] = [];
  const logger = { warn: (...warning: [{ err: Error }, string]) => warnings.push(warning) };
  const received: string[] = [];
  const connections: unknown[] = [];
  const subscriber = subscribeToRedis(server.url, ['orders'], {}, { logger: logger as never, consequence: 'polling' });
  subscriber.on('message', (_channel, message) => received.push(message));
  subscriber.on('ready', () => connections.push(1));
  try {
    await waitFor('The second connection', () => connections.length > 1, { deadline: 10_000 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]![0].err.message).toContain('NOPERM');
    await owner.acl('SETUSER', 'default', 'allchannels');
    const published = async () => (await owner.publish('orders', 'news')) > 0;
    await waitFor('The subscription', published, { deadline: 10_000, every: 100 });
    await waitFor('The message', () => received.length > 0, { deadline: 5_000 });
    // The client pauses between two connections.
    expect(connections.length).toBeLessThan(30);
  } finally {
    subscriber.disconnect();
  }
  expect(warnings).toHaveLength(1);
}, 60_000);
