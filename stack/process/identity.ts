import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, distinguished from later processes with the same id. */
export interface Identity {
  pid: number;
  /** Its start time, in the format of this operating system. */
  birth: string;
}

/** Returns the process that has this id now, or `undefined` if there is no such process or it is a zombie. */
export function identify(pid: number): Identity | undefined {
  const birth = process.platform === 'linux' ? birthByProc(pid) : birthByPs(pid);
  return birth === undefined ? undefined : { pid, birth };
}

/** Returns whether the process still runs. */
export function isAlive(identity: Identity): boolean {
  return identify(identity.pid)?.birth === identity.birth;
}

/** Sends a signal to the process, unless it has ended. */
export function send(identity: Identity, signal: NodeJS.Signals): void {
  try {
    if (isAlive(identity)) process.kill(identity.pid, signal);
  } catch {
    // The process ended in the meantime.
  }
}

/** Returns the program and arguments of a process, or an empty string if there is no such process. */
export function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 });
  } catch {
    return '';
  }
}

function birthByProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Only the second field, the name in parentheses, may contain spaces and parentheses. See proc(5).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

function birthByPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 5_000,
    }).trim();
    const [state, ...birth] = line.split(/\s+/);
    return !state || state.startsWith('Z') ? undefined : birth.join(' ');
  } catch {
    return undefined;
  }
}
