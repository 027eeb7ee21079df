import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { readApiSettings } from '../../api/settings.ts';
import { databaseAt } from '../../config/services-in-use.ts';
import { connect } from '../../db/connection.ts';
import { readDatabaseSettings } from '../../db/settings.ts';
import { startApi, startWorker } from '../../stack/programs.ts';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';
import { readWorkerSettings } from '../../worker/settings.ts';
import { startSmtp } from '../email/mail-servers.ts';
import { makeDataFolder } from '../evidence/keep-on-failure.ts';
import { type Answer, retryWhileUnknown } from '../shop.ts';
import { run } from './run-command.ts';

describe('an invalid port setting', () => {
  test.each([
    ['POSTGRES_PORT', readDatabaseSettings],
    ['REDIS_PORT', readApiSettings],
    ['TEMPORAL_PORT', readApiSettings],
    ['SMTP_PORT', readWorkerSettings],
  ])('%s is reported, except with an address and in production', (name, read) => {
    for (const port of ['0', '65536', '1.5', 'tcp://10.0.0.1:5432']) {
      expect(() => read({ [name]: port })).toThrow(`${name} must be a port from 1 to 65535`);
      expect(() => read({ [name]: port, NODE_ENV: 'production' })).not.toThrow(name);
    }
    const addresses = {
      DATABASE_URL: 'postgres://db/crema',
      REDIS_URL: 'redis://redis',
      TEMPORAL_ADDRESS: 'temporal:7233',
      SMTP_URL: 'smtp://mail',
    };
    expect(read({ [name]: 'no port', ...addresses })).toMatchObject({ DATABASE_URL: 'postgres://db/crema' });
  });
});

test.each([
  ['postgres://crema:secret@127.0.0.1:5633/shop', '127.0.0.1:5633/shop'],
  ['postgres://crema@db.example/shop?password=secret', 'db.example:5432/shop'],
  ['postgres:///shop?host=/var/run/postgresql&user=crema&password=secret', '/var/run/postgresql:5432/shop'],
])('shows %s without its password', (url, shown) => {
  expect(databaseAt(url)).toBe(shown);
});

describe('with only the ports of the services in .env', () => {
  const portOf = (url: string) => new URL(url.includes('//') ? url : `tcp://${url}`).port;
  const taskQueue = `orders-${randomUUID()}`;
  let smtp: Awaited<ReturnType<typeof startSmtp>>;
  let environment: Record<string, string>;
  let ports: Record<'postgres' | 'redis' | 'temporal', string>;
  let dataDir: string;

  beforeAll(async () => {
    smtp = await startSmtp();
    const { DATABASE_URL = '', REDIS_URL = '', TEMPORAL_ADDRESS = '' } = process.env;
    ports = { postgres: portOf(DATABASE_URL), redis: portOf(REDIS_URL), temporal: portOf(TEMPORAL_ADDRESS) };
    dataDir = makeDataFolder('by-ports').path;
    const file = join(dataDir, '.env');
    writeFileSync(
      file,
      `POSTGRES_PORT=${ports.postgres}\nREDIS_PORT=${ports.redis}\nTEMPORAL_PORT=${ports.temporal}\nSMTP_PORT=${smtp.port}\nTEMPORAL_TASK_QUEUE=${taskQueue}\n`,
    );
    const unset = { DATABASE_URL: '', REDIS_URL: '', TEMPORAL_ADDRESS: '', SMTP_URL: '' };
    environment = { ...unset, ENV_FILE: file };
  });
  afterAll(() => smtp.close());

  test('every command uses these services and prints their addresses', async () => {
    const postgres = `Postgres at 127.0.0.1:${ports.postgres}/crema`;
    const temporal = `Temporal at 127.0.0.1:${ports.temporal} (namespace default, task queue ${taskQueue})`;
    const commands: [string, string, ...string[]][] = [
      ['db/migrate.ts', `Using ${postgres}.`],
      ['db/seed.ts', `Using ${postgres}.`],
      ['worker/prepare-namespace.ts', `Using ${postgres} and ${temporal}.`],
      ['manage/main.ts', `Using ${postgres}.`, 'add-service', taskQueue, '--scopes', 'orders:read'],
      ['manage/main.ts', `Using ${postgres}.`, 'add-manager', 'owner@crema.example'],
      ['worker/reconcile.ts', `Using ${postgres} and ${temporal}.`],
    ];
    for (const [script, services, ...args] of commands) {
      const { code, output } = await run(script, environment, ...args);
      expect([script, code, output]).toEqual([script, 0, expect.stringContaining(services)]);
      expect(output).not.toContain('crema:crema');
    }
    const database = connect(`postgres://crema:crema@127.0.0.1:${ports.postgres}/crema`, { max: 1 });
    expect(await database('services').where({ name: taskQueue })).toHaveLength(1);
    await database.destroy();
  }, 60_000);

  test('API and worker process an order', async () => {
    const redis = new Redis(Number(ports.redis), '127.0.0.1');
    const published: string[] = [];
    redis.on('message', (_channel, message) => published.push(message));
    await redis.subscribe('orders');
    const programs: Service[] = await Promise.all([
      startApi({ dataDir, environment: { ...process.env, ...environment } }),
      startWorker({ dataDir, environment: { ...process.env, ...environment } }),
    ]);
    try {
      const url = (programs[0] as Service).url;
      const json = async (path: string, init: RequestInit): Promise<Answer> => {
        const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(20_000) });
        return { status: response.status, headers: response.headers, body: await response.json() };
      };
      const form = { grant_type: 'password', client_id: 'crema', username: 'customer@example.com', password: 'test' };
      const token = await json('/oauth/token', { method: 'POST', body: new URLSearchParams(form) });
      const menu = await json('/v1/catalog', {});
      const order = await retryWhileUnknown(() =>
        json('/v1/orders', {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token.body.access_token}`,
            'content-type': 'application/json',
            'idempotency-key': taskQueue,
          },
          body: JSON.stringify({ lines: [{ productId: menu.body.data[0].id, quantity: 1 }] }),
        }),
      );
      expect(order.status).toBe(201);
      const isEmailed = () =>
        smtp.arrivals.some(({ mail }) => String(mail.headers.get('x-crema-event-id')).startsWith(order.body.id));
      await waitFor('The mail', isEmailed, { deadline: 20_000 });
      await waitFor('The message', () => published.some((text) => text.includes(order.body.id)), { deadline: 20_000 });
    } finally {
      redis.disconnect();
      for (const program of programs) await program.stop();
    }
  }, 60_000);
});
