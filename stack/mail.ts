import { mkdirSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { localAddress } from '../config/local-services.ts';
import { type Service, type ServiceOptions, startService } from './service.ts';

/** Starts maildev, which takes every email, delivers none and shows them on its page. Emails stay in `mail/`. */
export async function startMail(options: ServiceOptions & { port?: number; pagePort?: number }): Promise<Service> {
  const directory = join(options.dataDir, 'mail');
  mkdirSync(directory, { recursive: true });
  const maildev = join(dirname(findPackageJSON('maildev', import.meta.url) ?? ''), 'dist/bin/maildev.js');
  return startService(
    {
      name: 'mail',
      title: 'The mail catcher',
      ports: { smtp: options.port ?? 0, page: options.pagePort ?? 0 },
      program: ({ smtp, page }) => ({
        command: process.execPath,
        args: [
          maildev,
          ...['--ip', '127.0.0.1', '--smtp', String(smtp)],
          ...['--web-ip', '127.0.0.1', '--web', String(page)],
          ...['--mail-directory', directory],
        ],
        // It looks for a configuration file from its working directory upwards.
        cwd: directory,
      }),
      url: ({ smtp }) => localAddress('SMTP_URL', smtp),
      page: ({ page }) => `http://127.0.0.1:${page}`,
      isReady: async ({ smtp, page }) =>
        (await greets(smtp)) &&
        (await fetch(`http://127.0.0.1:${page}/api/healthz`, { signal: AbortSignal.timeout(2_000) })).ok,
    },
    options,
  );
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
    socket.once('data', (answer) => {
      socket.end('QUIT\r\n');
      resolve(answer.toString().startsWith('220'));
    });
    socket.once('timeout', () => socket.destroy(new Error('it does not answer')));
    socket.once('error', reject);
  });
}
