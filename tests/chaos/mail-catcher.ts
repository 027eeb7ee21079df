import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portIsBusy } from '../../stack/ports.ts';
import { type Service, type ServiceOptions, startService } from '../../stack/service.ts';

/** A mail that the catcher has taken. Times are in ms since the epoch. */
export interface Mail {
  eventId: string;
  to: string;
  /** When its sender began, with MAIL FROM. */
  startedAt: number;
  /** When it was there whole; only then it is confirmed. */
  receivedAt: number;
}

/** An SMTP server in a process of its own, which can be killed and frozen, and what it has taken. */
export interface MailCatcher {
  service: Service;
  mails(): Mail[];
  /** From now on it confirms a mail this many ms after it is there. @returns what ends that */
  slowDown(ms: number): () => void;
  /** Puts this in place of what it has taken: sabotage. */
  replace(mails: Mail[]): void;
}

export async function startMailCatcher(options: ServiceOptions): Promise<MailCatcher> {
  const file = join(options.dataDir, 'mails.jsonl');
  const pause = join(options.dataDir, 'pause');
  const service = await startService(
    {
      name: 'smtp',
      title: 'The mail catcher',
      ports: { smtp: 0 },
      program: ({ smtp }) => ({
        command: process.execPath,
        args: [join(import.meta.dirname, 'mail-sink.ts'), String(smtp), file, pause],
      }),
      url: ({ smtp }) => `smtp://127.0.0.1:${smtp}`,
      isReady: ({ smtp }) => portIsBusy(smtp),
    },
    options,
  );
  const lines = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
  return {
    service,
    slowDown(ms) {
      writeFileSync(pause, String(ms));
      return () => rmSync(pause);
    },
    mails: () => lines().map((line) => JSON.parse(line)),
    replace: (mails) => writeFileSync(file, mails.map((mail) => `${JSON.stringify(mail)}\n`).join('')),
  };
}
