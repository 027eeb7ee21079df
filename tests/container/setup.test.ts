import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOnPath } from '../../stack/path.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crema-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `make setup` where `docker`, if given, is the only program on the PATH. */
function setup(docker?: string) {
  if (docker) {
    writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${docker}\n`);
    chmodSync(join(folder, 'docker'), 0o755);
  }
  return spawnSync(findOnPath('make') ?? 'make', ['--silent', 'setup'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: folder },
    encoding: 'utf8',
  });
}

test.each([
  ['there is no Docker', undefined, 'Docker is missing: install it'],
  ['there is no Compose plugin', '[ "$1" != compose ]', "Docker's Compose plugin is missing: install it"],
  ['the daemon is down', '[ "$1" != info ]', 'Docker is not running: start it'],
  ['a service does not start', '[ "$2" != up ]', 'The shop did not start: see docker compose logs'],
])('reports in one sentence: %s', (_case, docker, sentence) => {
  const { status, stderr, stdout } = setup(docker);

  expect(status).not.toBe(0);
  expect(stdout).toBe('');
  // Make adds a line of its own.
  expect(stderr.trim().split('\n')[0]).toContain(sentence);
  expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
});

test('prints the addresses of the shop', () => {
  const { status, stdout } = setup('[ "$2" = port ] && echo "127.0.0.1:1$4"; exit 0');

  expect(status).toBe(0);
  expect(stdout).toContain('Board            http://localhost:15000/board');
  expect(stdout).toContain('API docs         http://localhost:15000/docs');
  expect(stdout).toContain('Temporal Web UI  http://localhost:18233');
  expect(stdout).toContain('Emails           http://localhost:11080');
});
