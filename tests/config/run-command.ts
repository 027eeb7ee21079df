import { execFile } from 'node:child_process';

/** Runs a command as an operator does. */
export function run(command: string, environment: Record<string, string> = {}, ...args: string[]) {
  return new Promise<{ code: number; output: string }>((resolve) => {
    const options = { env: { ...process.env, ...environment }, timeout: 25_000 };
    execFile(process.execPath, [command, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

/** Runs `npm run manage -- …`. */
export const manage = (environment: Record<string, string>, ...args: string[]) =>
  run('manage/main.ts', environment, ...args);
