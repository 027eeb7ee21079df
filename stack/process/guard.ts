/**
 * Runs one program and ends it when whoever started this guard is gone, even by kill -9: the channel to the starter then
 * closes. The guard has a process group of its own, so that a terminal's Ctrl-C reaches the starter alone, which stops
 * its programs in order.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { GuardMessage, Plan } from './guarded-process.ts';
import { identify } from './identity.ts';

const plan = JSON.parse(process.argv[2] ?? '') as Plan;
let stopping = false;

const tell = (message: GuardMessage, then: () => void = () => {}) => {
  if (process.connected) process.send?.(message, undefined, {}, then);
  else then();
};

const child = spawn(plan.command, plan.args, {
  cwd: plan.cwd,
  ...(plan.user && { uid: plan.user.uid, gid: plan.user.gid }),
  stdio: ['ignore', ...(plan.follow ? (['pipe', 'pipe'] as const) : outputToFile())],
});

if (plan.follow && child.stdout && child.stderr) {
  const log = createWriteStream(plan.log, { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      log.write(`${line}\n`);
      tell({ line });
    });
  }
}

child.once('spawn', () => {
  const identity = identify(child.pid as number);
  if (identity) {
    const guard = identify(process.pid);
    writeFileSync(plan.pidFile, JSON.stringify({ ...identity, guard, name: plan.name, stopSignal: plan.stopSignal }));
  }
  tell({ started: child.pid as number });
});
child.once('error', (error: NodeJS.ErrnoException) => {
  if (child.pid === undefined) tell({ failed: error.message }, () => process.exit(1));
});
child.once('exit', (code, signal) => {
  // A grandchild may hold the output open for ever: what has not come a second after the end is not waited for.
  const last = setTimeout(() => finish(code, signal), 1_000);
  child.once('close', () => {
    clearTimeout(last);
    finish(code, signal);
  });
});

process.on('disconnect', stop);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
// All it is ever told is to stop.
process.on('message', stop);
// The starter may have gone before we listened.
if (!process.connected) stop();

function stop() {
  if (stopping) return;
  stopping = true;
  child.kill(plan.stopSignal);
  // A stopped (SIGSTOP) process hears nothing until it goes on.
  child.kill('SIGCONT');
  setTimeout(() => child.kill('SIGKILL'), plan.grace).unref();
}

function finish(code: number | null, signal: NodeJS.Signals | null) {
  forget();
  tell({ exited: { code, signal } }, () => process.exit(0));
}

/** The file may be a later process's by now, when someone deleted ours. */
function forget() {
  try {
    if (JSON.parse(readFileSync(plan.pidFile, 'utf8')).pid === child.pid) rmSync(plan.pidFile);
  } catch {
    // Gone already.
  }
}

function outputToFile() {
  const log = openSync(plan.log, 'a');
  return [log, log] as const;
}
