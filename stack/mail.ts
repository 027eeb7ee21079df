import { mkdirSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { localAddress } from '../config/local-services.ts';
import { firstReply } from './first-reply.ts';
import { type LocalServiceOptions, type Service, startService } from './service.ts';

/** Starts maildev. It accepts emails without delivering them, shows them on its page and stores them in `mail/`. */
export async function startMail(options: LocalServiceOptions): Promise<Service> {
  const directory = join(options.dataDir, 'mail');
  mkdirSync(directory, { recursive: true });
  const maildev = join(dirname(findPackageJSON('maildev', import.meta.url) ?? ''), 'dist/bin/maildev.js');
  return startService(
    {
      name: 'mail',
      title: 'The mail catcher',
      ports: { smtp: options.ports?.SMTP_PORT, page: options.ports?.MAIL_PORT },
      program: ({ smtp, page }) => ({
        command: process.execPath,
        args: [
          maildev,
          ...['--ip', '127.0.0.1', '--smtp', String(smtp)],
          ...['--web-ip', '127.0.0.1', '--web', String(page)],
          ...['--mail-directory', directory],
        ],
        // Maildev would otherwise find a configuration file in the current folder or above it.
        cwd: directory,
      }),
      url: ({ smtp }) => localAddress('SMTP_URL', smtp),
      page: ({ page }) => `http://127.0.0.1:${page}`,
      isReady: async ({ smtp, page }) =>
        (await firstReply(smtp)).startsWith('220') &&
        (await fetch(`http://127.0.0.1:${page}/api/healthz`, { signal: AbortSignal.timeout(2_000) })).ok,
    },
    options,
  );
}
