import { execFile } from 'node:child_process';
import { connect } from '../../db/connection.ts';
import { copyDatabase } from '../test-services.ts';

const KEY = Buffer.alloc(32, 'crema').toString('base64');

/** Runs one of our commands as an operator would. */
function run(command: string, environment: Record<string, string> = {}, ...args: string[]) {
  return new Promise<{ code: number; output: string }>((resolve) => {
    const options = { env: { ...process.env, ...environment }, timeout: 25_000 };
    execFile(process.execPath, [command, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

describe('When a command is given settings that cannot be', () => {
  test.each(['api/main.ts', 'worker/main.ts', 'db/migrate.ts', 'db/seed.ts', 'worker/prepare-namespace.ts'])(
    'then %s says so in one sentence and ends with an error',
    async (command) => {
      const { code, output } = await run(command, { DATABASE_URL: 'nonsense', TEMPORAL_ADDRESS: 'nonsense' });
      expect(code).toBe(1);
      expect(output.trim()).toMatch(/^The configuration is wrong\. .*_(URL|ADDRESS): .*See \.env\.example\.$/);
    },
  );
});

describe('When the commands of the set-up run again', () => {
  test('then they find nothing left to do', async () => {
    const copy = await copyDatabase();
    const environment = { DATABASE_URL: copy.url };
    try {
      expect(await run('db/migrate.ts', environment)).toEqual({ code: 0, output: 'The database is up to date.\n' });
      const registered = await run('worker/prepare-namespace.ts', { PAYLOAD_KEYS: `key:${KEY}` });
      expect(registered).toMatchObject({
        code: 0,
        output: expect.stringContaining('The search attributes are registered.'),
      });
    } finally {
      await copy.drop();
    }
  });

  test('then a migration can be taken back and done again', async () => {
    const copy = await copyDatabase();
    const database = connect(copy.url, { max: 1 });
    const settings = { directory: 'db/migrations', loadExtensions: ['.ts'] };
    try {
      await database.migrate.rollback(settings, true);
      expect((await database.raw(`SELECT 1 FROM pg_tables WHERE tablename = 'orders'`)).rows).toEqual([]);
      expect((await run('db/migrate.ts', { DATABASE_URL: copy.url })).output).toContain('Migrated: ');
    } finally {
      await database.destroy();
      await copy.drop();
    }
  });
});

describe('When the API’s description is compared with the code', () => {
  test('then they agree', async () => {
    expect(await run('api/write-openapi.ts', {}, '--check')).toEqual({ code: 0, output: '' });
  });
});
