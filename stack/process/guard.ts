/**
 * Runs one program and stops it when the starter of this guard ends. The guard detects the end by the IPC channel to the starter,
 * which closes even after kill -9. The guard has its own process group, so that a terminal's Ctrl-C reaches only the starter,
 * which stops its programs in order.
 */
import { spawn } from 'node:child_process';
import { openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { GuardMessage, Plan } from './guarded-process.ts';
import { identify } from './identity.ts';

const plan = JSON.parse(process.argv[2] ?? '') as Plan;
let stopping = false;

function report(message: GuardMessage, then: () => void = () => {}) {
  if (process.connected) process.send?.(message, undefined, {}, then);
  else then();
}

const log = openSync(plan.log, 'a');
const child = spawn(plan.command, plan.args, {
  cwd: plan.cwd,
  ...(plan.user && { uid: plan.user.uid, gid: plan.user.gid }),
  stdio: ['ignore', ...(plan.follow ? (['pipe', 'pipe'] as const) : [log, log])],
});
// Without `follow`, the child writes to the log itself, and these streams are null.
for (const stream of [child.stdout, child.stderr]) {
  if (!stream) continue;
  createInterface({ input: stream }).on('line', (line) => {
    writeSync(log, `${line}\n`);
    report({ line });
  });
}

child.once('spawn', () => {
  const identity = identify(child.pid as number);
  if (identity) {
    const guard = identify(process.pid);
    writeFileSync(plan.pidFile, JSON.stringify({ ...identity, guard, name: plan.name, stopSignal: plan.stopSignal }));
  }
  report({ started: child.pid as number });
});
child.once('error', (error: NodeJS.ErrnoException) => {
  if (child.pid === undefined) report({ failed: error.message }, () => process.exit(1));
});
child.once('exit', (code, signal) => {
  // A grandchild may keep the output open, so wait at most a second for the rest of it.
  const last = setTimeout(() => finish(code, signal), 1_000);
  child.once('close', () => {
    clearTimeout(last);
    finish(code, signal);
  });
});

process.on('disconnect', stop);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
// The starter's only message is `stop`, so its content is not checked.
process.on('message', stop);
// The starter may have ended before the listeners were added.
if (!process.connected) stop();

function stop() {
  if (stopping) return;
  stopping = true;
  child.kill(plan.stopSignal);
  // A process stopped by SIGSTOP handles no signal until SIGCONT.
  child.kill('SIGCONT');
  setTimeout(() => child.kill('SIGKILL'), plan.grace).unref();
}

function finish(code: number | null, signal: NodeJS.Signals | null) {
  removePidFile();
  report({ exited: { code, signal } }, () => process.exit(0));
}

/** Removes the pid file, unless it now describes a later process of the same name. */
function removePidFile() {
  try {
    if (JSON.parse(readFileSync(plan.pidFile, 'utf8')).pid === child.pid) rmSync(plan.pidFile);
  } catch {
    // Already removed.
  }
}
