import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { connect } from '../../db/connection.ts';
import { waitFor } from '../../stack/wait.ts';
import { copyDatabase } from '../databases.ts';
import { manage, run } from './run-command.ts';

const KEY = Buffer.alloc(32, 'crema').toString('base64');

const ownDatabase = async () => ({ DATABASE_URL: await copyDatabase() });
const lastLine = (output: string) => output.trim().split('\n').at(-1);

describe('invalid settings', () => {
  test.each(['api/main.ts', 'worker/main.ts', 'db/migrate.ts', 'db/seed.ts', 'worker/prepare-namespace.ts'])(
    'end %s with one sentence',
    async (command) => {
      const { code, output } = await run(command, { DATABASE_URL: 'nonsense', TEMPORAL_ADDRESS: 'nonsense' });
      expect(code).toBe(1);
      expect(output.trim()).toMatch(/^The configuration is wrong\. .*_(URL|ADDRESS) must .*See \.env\.example\.$/);
    },
  );

  test.each(['api/main.ts', 'worker/main.ts'])('end %s with the list of languages', async (command) => {
    const { code, output } = await run(command, { SHOP_LANGUAGE: 'xx' });
    expect([code, output]).toEqual([1, expect.stringMatching(/SHOP_LANGUAGE must be one .*: en, pt\.\n/)]);
  });

  test('end the owner’s commands with one sentence', async () => {
    const { code, output } = await manage({ DATABASE_URL: 'nonsense' }, 'list-services');
    expect([code, output]).toEqual([1, expect.stringMatching(/^The configuration is wrong\. DATABASE_URL must .*\n$/)]);
    const unreachable = await manage({ DATABASE_URL: 'postgres://127.0.0.1:1/crema' }, 'list-services');
    expect([unreachable.code, unreachable.output]).toEqual([
      1,
      expect.stringContaining('127.0.0.1:1 cannot be reached'),
    ]);
  });
});

describe('a connection that Postgres refuses', () => {
  test.each([
    ['api/main.ts'],
    ['worker/main.ts'],
    ['db/migrate.ts'],
    ['db/seed.ts'],
    ['worker/prepare-namespace.ts'],
    ['worker/reconcile.ts'],
    ['manage/main.ts', 'list-services'],
  ])('ends %s with one sentence', async (command, ...args) => {
    const url = new URL(process.env.DATABASE_URL as string);
    url.pathname = '/nowhere';
    const { code, output } = await run(command, { DATABASE_URL: url.href }, ...args);
    expect([code, lastLine(output)]).toEqual([
      1,
      'Postgres refuses the connection: database "nowhere" does not exist (3D000). Correct DATABASE_URL, or fix the cause in Postgres.',
    ]);
    expect(output).not.toMatch(/^ +at /m);
  });
});

describe('a command that needs Temporal', () => {
  const commands = ['worker/main.ts', 'worker/prepare-namespace.ts', 'worker/reconcile.ts'];
  test.each(commands)('ends with one sentence if Temporal is unavailable: %s', async (command) => {
    const { code, output } = await run(command, { ...(await ownDatabase()), TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect([code, lastLine(output)]).toEqual([1, expect.stringMatching(/^Temporal cannot be reached: /)]);
    expect(output).not.toMatch(/^ +at /m);
  });

  test.each(commands)('ends with one sentence if the namespace is missing: %s', async (command) => {
    const { code, output } = await run(command, { ...(await ownDatabase()), TEMPORAL_NAMESPACE: 'nowhere' });
    expect([code, lastLine(output)]).toEqual([
      1,
      'Temporal has no namespace nowhere: create it, or correct TEMPORAL_NAMESPACE.',
    ]);
    expect(output).not.toMatch(/^ +at /m);
  });
});

describe('a database in another encoding', () => {
  test('is rejected by migrations', async () => {
    const { DATABASE_URL } = await ownDatabase();
    const url = new URL(DATABASE_URL);
    const database = connect(DATABASE_URL, { max: 1 });
    const name = `${url.pathname.slice(1)}_ascii`;
    const encoding = `ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`;
    await database.raw(`CREATE DATABASE ?? ${encoding}`, [name]).finally(() => database.destroy());
    url.pathname = `/${name}`;
    const { code, output } = await run('db/migrate.ts', { DATABASE_URL: url.href });
    expect([code, lastLine(output)]).toEqual([
      1,
      expect.stringMatching(/^The database is in SQL_ASCII and must be in UTF8: /),
    ]);
  });
});

test.each([
  [1, true],
  [30, false],
  [90, false],
])(
  'prepare-namespace with a retention of %i days warns: %p',
  async (days, warns) => {
    const connection = await Connection.connect({ address: process.env.TEMPORAL_ADDRESS as string });
    const namespace = `retention-${randomUUID()}`;
    const workflowExecutionRetentionPeriod = { seconds: days * 24 * 60 * 60 };
    const request = { namespace, workflowExecutionRetentionPeriod };
    const { RegisterNamespaceRequest } = proto.temporal.api.workflowservice.v1;
    await connection.workflowService.registerNamespace(RegisterNamespaceRequest.fromObject(request));
    await connection.close();
    const environment = { ...(await ownDatabase()), TEMPORAL_NAMESPACE: namespace };
    let output = '';
    // A new namespace becomes visible after some seconds.
    const isPrepared = async () => {
      const prepared = await run('worker/prepare-namespace.ts', environment);
      output = prepared.output;
      return prepared.code === 0;
    };
    await waitFor('The namespace', isPrepared, { deadline: 25_000 });
    const command = `temporal operator namespace update --namespace ${namespace} --retention 720h`;
    expect(output.includes(`keeps closed workflows for ${days} days`)).toBe(warns);
    expect(output.includes(command)).toBe(warns);
  },
  60_000,
);

test('a missing table ends a command with one sentence', async () => {
  const url = await copyDatabase();
  const database = connect(url, { max: 1 });
  await database.raw('ALTER TABLE products RENAME TO old_products').finally(() => database.destroy());
  const { code, output } = await run('db/seed.ts', { DATABASE_URL: url });
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(
      /The database does not match this version of Crema: .* \(42P01\)\. Run npm run migrate first\.\n$/,
    ),
  ]);
});

describe('the set-up commands', () => {
  test('change nothing when they run again', async () => {
    const environment = { DATABASE_URL: await copyDatabase() };
    expect(await run('db/migrate.ts', environment)).toEqual({
      code: 0,
      output: expect.stringMatching(/^The database is up to date\.\n/),
    });
    const registered = await run('worker/prepare-namespace.ts', { ...environment, PAYLOAD_KEYS: `key:${KEY}` });
    expect(registered).toMatchObject({
      code: 0,
      output: expect.stringContaining('The search attributes are registered.'),
    });
  });

  test('can roll migrations back and repeat them', async () => {
    const url = await copyDatabase();
    const database = connect(url, { max: 1 });
    const settings = { directory: 'db/migrations', loadExtensions: ['.ts'] };
    try {
      await database.migrate.rollback(settings, true);
      expect((await database.raw(`SELECT 1 FROM pg_tables WHERE tablename = 'orders'`)).rows).toEqual([]);
      expect((await run('db/migrate.ts', { DATABASE_URL: url })).output).toContain('Migrated: ');
    } finally {
      await database.destroy();
    }
  });
});

describe('the API does not start', () => {
  test('if products on sale have another currency', async () => {
    const environment = await ownDatabase();
    const { code, output } = await run('api/main.ts', { ...environment, CURRENCY: 'JPY', PORT: '0' });
    expect([code, lastLine(output)]).toEqual([
      1,
      'CURRENCY is JPY, but products or options on sale are priced in USD: set CURRENCY=USD, or delete these first.',
    ]);
  });

  test('if only option groups have another currency', async () => {
    const environment = await ownDatabase();
    const database = connect(environment.DATABASE_URL, { max: 1 });
    await database('products').update({ deleted_at: new Date() });
    const starts = () => run('api/main.ts', { ...environment, CURRENCY: 'JPY', PORT: '0' });
    const { code, output } = await starts().finally(() => database.destroy());
    expect([code, lastLine(output)]).toEqual([1, expect.stringContaining('options on sale are priced in USD')]);
  });

  test('if its address is not local or in use', async () => {
    const environment = await ownDatabase();
    const taken = createServer().listen(0, '127.0.0.1');
    try {
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      for (const [address, sentence] of [
        [{ HOST: '127.0.0.1', PORT: String(port) }, `127.0.0.1:${port} (EADDRINUSE)`],
        [{ HOST: '203.0.113.9', PORT: '6319' }, '203.0.113.9:6319 (EADDRNOTAVAIL)'],
      ] as const) {
        const { code, output } = await run('api/main.ts', { ...environment, ...address });
        expect([code, lastLine(output)]).toEqual([
          1,
          `This process cannot listen on ${sentence}: stop the process that does, or correct HOST or the port.`,
        ]);
      }
    } finally {
      taken.close();
    }
  });
});

describe('openapi.yaml', () => {
  test('matches the routes', async () => {
    expect(await run('api/docs/write-openapi.ts', {}, '--check')).toEqual({ code: 0, output: '' });
  });
});
