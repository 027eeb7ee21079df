/**
 * `node starter.ts <data folder> <JavaScript>`: starts a program under a guard, prints `<its pid> <its guard's pid>` and
 * runs until it is killed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runDirectory, startProcess } from '../../stack/process/guarded-process.ts';

const [dataDir = '', script = ''] = process.argv.slice(2);
await startProcess({ name: 'child', command: process.execPath, args: ['-e', script], grace: 500 }, dataDir);
const { pid, guard } = JSON.parse(readFileSync(join(runDirectory(dataDir), 'child.json'), 'utf8'));
console.log(pid, guard.pid);
process.stdin.resume();
