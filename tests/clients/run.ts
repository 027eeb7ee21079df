import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { StackError } from '../../stack/stack-error.ts';
import { withOwnShop } from '../own-shop.ts';
import { deliveredEvent } from './delivered-event.ts';
import { clientsIn, type DocumentedClient, missingTool } from './documented.ts';

// `make clients`: generates clients from the document of a running shop, compiles them and takes an order through its
// life with each. Each client also reads the body of a delivered webhook. The commands are those of docs/clients.md, as they stand
// there. What is generated is in .build/clients.

const ROOT = join(import.meta.dirname, '../..');
const WORK = join(ROOT, '.build/clients');

/** The body of a delivered webhook. */
const EVENT = join(WORK, 'event.json');

/** With empty caches, a client's tools are downloaded first. */
const DEADLINE_MS = 600_000;

/** Runs the commands of a client in a copy of its folder. @returns what they wrote, and whether they succeeded */
async function use(folder: string, commands: string, shop: string, signal: AbortSignal) {
  const work = join(WORK, folder);
  mkdirSync(work, { recursive: true });
  cpSync(join(import.meta.dirname, folder), work, { recursive: true });
  const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd: work,
    env: { ...process.env, SHOP: shop, EVENT, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const failure = await new Promise<string | undefined>((done) => {
    child.on('error', ({ message }) => done(message));
    child.on('close', (code) => done(code === 0 ? undefined : `exit code ${code}`));
  });
  return { output, failure };
}

async function useAll(clients: DocumentedClient[], shop: string, signal: AbortSignal) {
  const results = { passed: 0, failed: 0 };
  writeFileSync(EVENT, await deliveredEvent(shop));
  for (const { title, folder, commands } of clients) {
    if (signal.aborted) break;
    const start = performance.now();
    const { output, failure } = await use(folder, commands, shop, signal);
    const seconds = ((performance.now() - start) / 1_000).toFixed(0);
    if (failure) console.error(`${output}\nFailed: ${title}: ${failure}`);
    else console.log(`Passed: ${title}, in ${seconds} s`);
    results[failure ? 'failed' : 'passed'] += 1;
  }
  return results;
}

/** The clients whose tools this machine has; says which it leaves out. */
async function usableClients(): Promise<DocumentedClient[]> {
  const usable: DocumentedClient[] = [];
  for (const client of clientsIn(readFileSync(join(ROOT, 'docs/clients.md'), 'utf8'))) {
    const missing = await missingTool(client.folder);
    if (missing) console.log(`Left out: ${client.title}: ${missing}`);
    else usable.push(client);
  }
  return usable;
}

const clients = await usableClients();
if (clients.length === 0) {
  console.error('No client can be tried here: install the tools of one of them.');
  process.exit(1);
}
const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => stopping.abort(new StackError(`Stopped by ${name}.`)));
}
rmSync(WORK, { recursive: true, force: true });
mkdirSync(WORK, { recursive: true });
const { passed, failed } = await withOwnShop(
  ({ url }) => useAll(clients, url, stopping.signal),
  console.log,
  stopping.signal,
);
console.log(`\n${passed} passed, ${failed} failed`);
if (failed > 0 || stopping.signal.aborted) process.exitCode = 1;
