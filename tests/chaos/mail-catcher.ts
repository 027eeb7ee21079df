import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portIsBusy } from '../../stack/ports.ts';
import { type Service, type ServiceOptions, startService } from '../../stack/service.ts';

/** An email that the catcher has received. Times are in ms since the epoch. */
export interface Mail {
  eventId: string;
  to: string;
  /** The time of MAIL FROM. */
  startedAt: number;
  /** The time when the email was complete. The catcher confirms it afterwards. */
  receivedAt: number;
}

/** An SMTP server in its own process, which can be killed and frozen. */
export interface MailCatcher {
  service: Service;
  mails(): Mail[];
  /** Delays each confirmation by this many ms. @returns a function that ends the delay */
  slowDown(ms: number): () => void;
  /** Replaces the received emails. Sabotage uses it to falsify them. */
  replace(mails: Mail[]): void;
}

export async function startMailCatcher(options: ServiceOptions): Promise<MailCatcher> {
  const file = join(options.dataDir, 'mails.jsonl');
  const pause = join(options.dataDir, 'pause');
  const service = await startMailSink(options, file, pause);
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

/** Starts an SMTP server that discards all emails. @param files see mail-sink.ts */
export const startMailSink = (options: ServiceOptions, ...files: string[]): Promise<Service> =>
  startService(
    {
      name: 'smtp',
      title: 'The mail sink',
      ports: { smtp: 0 },
      program: ({ smtp }) => ({
        command: process.execPath,
        args: [join(import.meta.dirname, 'mail-sink.ts'), String(smtp), ...files],
      }),
      url: ({ smtp }) => `smtp://127.0.0.1:${smtp}`,
      isReady: ({ smtp }) => portIsBusy(smtp),
    },
    options,
  );
