import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Generates web/client/ from openapi.yaml or, with `--check`, fails if the client is from another openapi.yaml.

const root = join(import.meta.dirname, '..');
const openapi = join(root, 'openapi.yaml');
const client = join(root, 'web/client');

/** The hash of the openapi.yaml from which the client was generated. */
const stamp = join(client, 'openapi.sha256');

// The generator uses the API of TypeScript 5, so it cannot be installed beside TypeScript 7.
const generator = join(root, 'tests/clients/typescript');

const hash = `${createHash('sha256').update(readFileSync(openapi)).digest('hex')}\n`;
if (!process.argv.includes('--check')) {
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: generator, stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 });
  run('npm', 'ci');
  run('npx', 'openapi-ts', '--input', openapi, '--output', client, '--client', '@hey-api/client-fetch');
  writeFileSync(stamp, hash);
} else if (readFileSync(stamp, 'utf8') !== hash) {
  console.error('web/client/ is outdated. Run `npm run web-client` and commit it.');
  process.exitCode = 1;
}
