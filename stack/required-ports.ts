import type { Environment } from '../config/environment.ts';
import { portIsBusy } from './ports.ts';
import type { StackSettings } from './settings.ts';
import { StackError } from './stack-error.ts';

/**
 * Checks that every port of `make run` is free and chosen only once.
 *
 * @throws {StackError} with a sentence for each port that is taken or chosen twice, which names the service and how to choose a
 * free port
 */
export async function requirePorts(
  environment: Environment,
  settings: StackSettings,
  { api, worker }: { api: number; worker: number },
): Promise<void> {
  const all = [
    { port: api, variable: 'PORT', title: 'the API' },
    { port: worker, variable: 'WORKER_HEALTH_PORT', title: "the worker's health page" },
    { port: settings.POSTGRES_PORT, variable: 'POSTGRES_PORT', title: 'Postgres', given: 'DATABASE_URL' },
    { port: settings.TEMPORAL_PORT, variable: 'TEMPORAL_PORT', title: 'Temporal', given: 'TEMPORAL_ADDRESS' },
    { port: settings.TEMPORAL_UI_PORT, variable: 'TEMPORAL_UI_PORT', title: 'its Web UI', given: 'TEMPORAL_ADDRESS' },
    { port: settings.REDIS_PORT, variable: 'REDIS_PORT', title: 'Redis', given: 'REDIS_URL' },
    { port: settings.SMTP_PORT, variable: 'SMTP_PORT', title: 'the mail catcher', given: 'SMTP_URL' },
    { port: settings.MAIL_PORT, variable: 'MAIL_PORT', title: "the mail catcher's page", given: 'SMTP_URL' },
  ];
  const needed = all.filter(({ given }) => !given || !environment[given]);
  const sentences: string[] = [];
  for (const [index, { port, variable, title }] of needed.entries()) {
    const rival = needed.slice(0, index).find((other) => other.port === port);
    if (!rival && !(await portIsBusy(port))) continue;
    const airplay = port === 5000 && process.platform === 'darwin' ? ' (usually by AirPlay Receiver)' : '';
    const why = rival ? `also set for ${rival.title}` : `in use${airplay}`;
    const wanted = needed.map((need) => need.port);
    const other = await nextFreePort(port, wanted);
    sentences.push(
      `Port ${port}, for ${title}, is ${why}: choose another with the line \`${variable}=${other}\` in .env.`,
    );
  }
  if (sentences.length > 0) throw new StackError(sentences.join('\n'));
}

async function nextFreePort(port: number, wanted: number[]): Promise<number> {
  let next = port + 1;
  while (wanted.includes(next) || (await portIsBusy(next))) next += 1;
  return next;
}
