import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { withStandaloneShop } from '../standalone-shop.ts';
import { runStoppable } from '../stoppable-command.ts';
import { deliveredEvent } from './delivered-event.ts';
import { clientsIn, type DocumentedClient, missingTool } from './documented.ts';

// `make clients`: generates clients from the document of a running shop, compiles them and delivers an order with each. Each
// client also reads the body of a delivered webhook. The commands come from docs/clients.md. The results are in .build/clients.

const ROOT = join(import.meta.dirname, '../..');
const WORK = join(ROOT, '.build/clients');

/** The body of a delivered webhook. */
const EVENT = join(WORK, 'event.json');

/** The timeout for one client, in ms. With empty caches, its tools are downloaded first. */
const TIMEOUT_MS = 600_000;

/** Runs the commands of a client in a copy of its folder. @returns their output, and the failure if there is one */
async function use(folder: string, commands: string, shop: string, signal: AbortSignal) {
  const work = join(WORK, folder);
  mkdirSync(work, { recursive: true });
  cpSync(join(import.meta.dirname, folder), work, { recursive: true });
  const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd: work,
    env: { ...process.env, SHOP: shop, EVENT, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
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

/** Returns the clients whose tools are installed, and prints which others it skips. */
async function usableClients(): Promise<DocumentedClient[]> {
  const usable: DocumentedClient[] = [];
  for (const client of clientsIn(readFileSync(join(ROOT, 'docs/clients.md'), 'utf8'))) {
    const missing = await missingTool(client.folder);
    if (missing) console.log(`Skipped: ${client.title}: ${missing}`);
    else usable.push(client);
  }
  return usable;
}

await runStoppable(async ({ signal }) => {
  const clients = await usableClients();
  if (clients.length === 0) {
    console.error('No client can run here: install the tools of one of them.');
    process.exitCode = 1;
    return;
  }
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(WORK, { recursive: true });
  const { passed, failed } = await withStandaloneShop(({ url }) => useAll(clients, url, signal), console.log, signal);
  console.log(`\n${passed} passed, ${failed} failed`);
  if (failed > 0 || signal.aborted) process.exitCode = 1;
});
