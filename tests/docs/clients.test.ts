import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientsIn, missingTool } from '../clients/documented.ts';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/clients.md'), 'utf8');

test('docs/clients.md has the commands of every folder in tests/clients', () => {
  const folders = readdirSync(join(root, 'tests/clients'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const clients = clientsIn(text);
  expect(clients.map(({ folder }) => folder).sort()).toEqual(folders.map(({ name }) => name).sort());
  for (const { commands } of clients) {
    execFileSync('bash', ['-n', '-c', commands]);
    expect(commands.trim()).not.toBe('');
  }
});

test('docs/clients.md links only to programs that exist', () => {
  const links = [...text.matchAll(/\]\(\.\.\/(tests\/clients\/[^)]+)\)/g)].map(([, path]) => path!);
  expect(links).toHaveLength(clientsIn(text).length);
  expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('the message about a missing tool names it', async () => {
  const env = { PATH: '/nowhere' };
  expect(await missingTool('go', env)).toBe('this machine has no go.');
  expect(await missingTool('java', env)).toBe('this machine has no javac.');
  expect(await missingTool('python', env)).toContain('3.11');
});

test('make clients fails on a machine without the tools of any client', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'tests/clients/run.ts')], {
    encoding: 'utf8',
    env: { PATH: '/nowhere' },
    timeout: 60_000,
  });
  expect(stdout.match(/^Skipped: /gm)).toHaveLength(clientsIn(text).length);
  expect([status, stderr]).toEqual([1, expect.stringContaining('No client can run here')]);
}, 60_000);
