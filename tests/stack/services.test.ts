import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { createTransport } from 'nodemailer';
import pg from 'pg';
import { runDirectory } from '../../stack/process/guarded-process.ts';
import { identify } from '../../stack/process/identity.ts';
import type { Service } from '../../stack/service.ts';
import { type Services, startServices } from '../../stack/services.ts';
import { waitFor } from '../../stack/wait.ts';

let dataDir: string;
let services: Services;
const deaths: string[] = [];

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'crema-services-'));
  services = await startServices({
    dataDir,
    environment: { GREETING: 'hello' },
    durable: false,
    onDeath: (service) => deaths.push(service.name),
  });
}, 60_000);
afterAll(async () => {
  await services?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

async function query(sql: string) {
  const client = new pg.Client({ connectionString: services.environment.DATABASE_URL });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function killAndStart(service: Service) {
  const { pid, url } = service;
  await service.kill();
  expect(identify(pid)).toBeUndefined();
  await service.start();
  expect(service.pid).not.toBe(pid);
  expect(service.url).toBe(url);
}

test('adds the address of each started service to the environment', () => {
  const { postgres, temporal, redis, mail } = services.started;

  expect(services.environment).toEqual({
    GREETING: 'hello',
    DATABASE_URL: postgres?.url,
    TEMPORAL_ADDRESS: temporal?.url,
    REDIS_URL: redis?.url,
    SMTP_URL: mail?.url,
  });
});

test('listens on the loopback interface only', async () => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
  // A machine without a network has no other interface.
  if (!outside) return;
  const addresses = Object.values(services.started).flatMap(({ url, page }) => (page ? [url, page] : [url]));

  for (const address of addresses) {
    const socket = connect({ host: outside, port: Number(/:(\d+)/.exec(address.replace(/^.*@/, ''))?.[1]) });
    await expect(once(socket, 'connect')).rejects.toThrow('ECONNREFUSED');
  }
});

test('restarts Postgres with its data after kill -9', async () => {
  await query('create table cups (size text)');
  await query(`insert into cups values ('tall')`);

  await killAndStart(services.started.postgres!);

  expect(await query('select size from cups')).toEqual([{ size: 'tall' }]);
}, 30_000);

test('restarts Temporal with its search attributes after kill -9', async () => {
  await killAndStart(services.started.temporal!);

  const connection = await Connection.connect({ address: services.environment.TEMPORAL_ADDRESS! });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
  await connection.close();
  expect(Object.keys(customAttributes ?? {})).toEqual(
    expect.arrayContaining(['OrderStatus', 'OrderNumber', 'CustomerId', 'OrderTotal', 'OrderLocation']),
  );
}, 30_000);

test('restarts the mail catcher with its emails after kill -9', async () => {
  const { mail } = services.started;
  const transport = createTransport(mail!.url);
  await transport.sendMail({ from: 'a@crema.example', to: 'b@crema.example', subject: 'Latte', text: 'ready' });
  transport.close();

  await killAndStart(mail!);

  const emails = await (await fetch(`${mail!.page}/api/email`)).json();
  expect(emails).toMatchObject([{ subject: 'Latte', to: [{ address: 'b@crema.example' }] }]);
}, 30_000);

test('restarts a frozen Redis after kill -9', async () => {
  await services.started.redis!.kill('SIGSTOP');

  await killAndStart(services.started.redis!);
});

test('reports the unexpected end of a service, but not one caused by kill()', async () => {
  expect(deaths).toEqual([]);

  process.kill(services.started.redis!.pid, 'SIGKILL');

  await waitFor('The report', () => deaths.length > 0, { deadline: 20_000 });
  expect(deaths).toEqual(['redis']);
  await services.started.redis!.start();
});

test('starts no service that has an address in the environment', async () => {
  const environment = {
    DATABASE_URL: 'postgres://x',
    TEMPORAL_ADDRESS: 'x:1',
    REDIS_URL: 'redis://x',
    SMTP_URL: 'smtp://x',
  };

  const none = await startServices({ dataDir: join(dataDir, 'none'), environment });

  expect(none.started).toEqual({});
  expect(none.environment).toEqual(environment);
  expect(existsSync(runDirectory(join(dataDir, 'none')))).toBe(false);
});

test('names a port in use and stops the other services', async () => {
  const elsewhere = join(dataDir, 'elsewhere');
  const taken = Number(new URL(services.started.redis!.url).port);

  const start = startServices({
    dataDir: elsewhere,
    ports: { REDIS_PORT: taken },
    environment: { DATABASE_URL: 'postgres://x', TEMPORAL_ADDRESS: 'x:1' },
  });

  await expect(start).rejects.toThrow(`Redis did not start: port ${taken} is in use.`);
  await waitFor('The end of the others', async () => !existsSync(join(runDirectory(elsewhere), 'mail.json')), {
    deadline: 10_000,
  });
}, 30_000);
