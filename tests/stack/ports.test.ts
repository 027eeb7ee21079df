import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leasePorts } from '../../stack/ports.ts';
import { startApi } from '../../stack/programs.ts';

const children: ChildProcess[] = [];
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'crema-ports-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

/** Leases ports in another process, until it is killed. */
async function leaseElsewhere(count: number): Promise<number[]> {
  const ports = JSON.stringify(join(import.meta.dirname, '../../stack/ports.ts'));
  const script = `import { leasePorts } from ${ports};
    process.stdout.write(JSON.stringify(await leasePorts(${count})) + '\\n');
    setInterval(() => {}, 1_000);`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let line = '';
  for await (const text of child.stdout) {
    line += text;
    if (line.endsWith('\n')) break;
  }
  return JSON.parse(line);
}

/** Returns whether this process can bind the UDP port of a lease. */
async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const free = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false)).bind(port, '127.0.0.1', () => resolve(true));
  });
  socket.close();
  return free;
}

test('leases different ports to concurrent processes', async () => {
  const leases = await Promise.all([leasePorts(100), leasePorts(100), ...[1, 2, 3].map(() => leaseElsewhere(100))]);

  expect(new Set(leases.flat()).size).toBe(500);
});

test('leases no port from the range of the operating system', async () => {
  // Linux starts at 32768, macOS at 49152.
  expect(Math.max(...(await leasePorts(50)))).toBeLessThan(32_768);
});

test('keeps a lease until its process is killed', async () => {
  const [port = 0] = await leaseElsewhere(1);
  expect(await isFree(port)).toBe(false);

  children[0]!.kill('SIGKILL');
  await once(children[0]!, 'exit');

  expect(await isFree(port)).toBe(true);
});

/** Starts a program in place of the API. @param first code that runs only at the first start */
function startInPlaceOfApi(first: string, port = 0) {
  const script = join(dataDir, 'program.mjs');
  const flag = JSON.stringify(join(dataDir, 'started'));
  writeFileSync(
    script,
    `import { existsSync, writeFileSync } from 'node:fs';
    import { createServer } from 'node:http';
    let instance = process.env.INSTANCE_ID;
    if (!existsSync(${flag})) {
      writeFileSync(${flag}, process.env.PORT);
      ${first}
    }
    createServer((_, response) => response.end(JSON.stringify({ instance }))).listen(process.env.PORT, '127.0.0.1');`,
  );
  return startApi({ dataDir, environment: process.env, script, port });
}

test('chooses another port if another process answers on the first one', async () => {
  const api = await startInPlaceOfApi(`instance = 'a page that answers every path with 200';`);

  const { instance } = (await (await fetch(api.url)).json()) as { instance: string };
  await api.stop();
  expect(instance).toMatch(/^[0-9a-f-]{36}$/);
  expect(new URL(api.url).port).not.toBe(readFileSync(join(dataDir, 'started'), 'utf8'));
});

test('retries a start on the same port if the port is in use for a moment', async () => {
  const [port = 0] = await leasePorts(1);
  const taken = `console.error('listen EADDRINUSE: address already in use'); process.exit(1);`;
  const api = await startInPlaceOfApi(taken, port);

  const { ok } = await fetch(api.url);
  await api.stop();
  expect([ok, api.url]).toEqual([true, `http://127.0.0.1:${port}`]);
});
