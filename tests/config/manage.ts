import { execFile } from 'node:child_process';

/** Runs `npm run manage -- …` as an operator would. */
export function manage(environment: Record<string, string>, ...args: string[]) {
  return new Promise<{ code: number; output: string }>((resolve) => {
    const options = { env: { ...process.env, ...environment }, timeout: 25_000 };
    execFile(process.execPath, ['api/manage/main.ts', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}
