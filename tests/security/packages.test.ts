import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'crema-packages-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a check on Crema's lock file with one additional package. */
async function check(script: string, name: string, entry: Record<string, unknown>) {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  lock.packages[`node_modules/${name}`] = { version: '1.0.0', integrity: 'sha512-x', license: 'MIT', ...entry };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const file = resolve('stack/packages', script);
  return new Promise<{ code: number; said: string }>((done) => {
    execFile(process.execPath, [file], { cwd: folder }, (error, _out, said) =>
      done({ code: error ? Number(error.code) : 0, said }),
    );
  });
}

describe('A new package', () => {
  beforeAll(() => {
    copyFileSync('.npmrc', join(folder, '.npmrc'));
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  });

  test.each([
    ['MIT', 0],
    ['(GPL-3.0-only OR MIT)', 0],
    ['Apache-2.0 AND MIT', 0],
    ['AGPL-3.0-only', 1],
    ['MIT AND GPL-2.0-only', 1],
    ['MIT AND (GPL-2.0-only OR AGPL-3.0-only)', 1],
    ['(MIT OR ISC) AND GPL-3.0-only', 1],
    ['SEE LICENSE IN terms.txt', 1],
  ])('is accepted or rejected by its licence: %s (exit code %i)', async (license, code) => {
    const result = await check('licences.ts', 'newcomer', { license });

    expect(result.code).toBe(code);
    expect(result.said.includes(`newcomer 1.0.0 has the licence ${license}: `)).toBe(code === 1);
  });

  test('has the licence of its main package if it is a binary for another platform', async () => {
    const entry = { license: undefined, optional: true };

    expect(await check('licences.ts', '@swc/core-plan9', entry)).toMatchObject({ code: 1 });
    expect(await check('licences.ts', '@swc/core-darwin-x64', entry)).toMatchObject({ code: 0 });
  });

  test('is rejected if its install script has not been reviewed', async () => {
    const { code, said } = await check('install-scripts.ts', 'newcomer', { hasInstallScript: true });

    expect([code, said]).toEqual([1, expect.stringMatching(/^newcomer 1\.0\.0 has a new install script: review it/)]);
    expect(await check('install-scripts.ts', 'newcomer', {})).toEqual({ code: 0, said: '' });
  });

  test('is rejected without a checksum', async () => {
    const { said } = await check('install-scripts.ts', 'newcomer', { integrity: undefined });

    expect(said).toMatch(/^newcomer 1\.0\.0 has no checksum/);
  });

  test('is rejected if .npmrc allows install scripts', async () => {
    writeFileSync(join(folder, '.npmrc'), 'ignore-scripts=false\n');

    expect((await check('install-scripts.ts', 'newcomer', {})).said).toMatch(/^\.npmrc allows install scripts/);
  });
});
