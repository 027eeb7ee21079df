/**
 * `node mail-sink.ts <port> [<file> <pause>]`: an SMTP server that discards emails. It writes a line about each email to <file>
 * before it confirms the email, so that the lines survive kill -9. If the file <pause> exists, it contains the delay of each
 * confirmation in ms.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';
import type { Mail } from './mail-catcher.ts';

const [port, file, pause] = process.argv.slice(2);
const begun = new Map<string, number>();

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onMailFrom(_, { id }, done) {
    begun.set(id, Date.now());
    done();
  },
  onData(stream, { id, envelope }, done) {
    void text(stream)
      .then(async (raw) => {
        const eventId = /^X-Crema-Event-Id: (\S+)/im.exec(raw)?.[1] ?? '';
        const to = envelope.rcptTo.map(({ address }) => address).join();
        const mail: Mail = { eventId, to, startedAt: begun.get(id) ?? 0, receivedAt: Date.now() };
        if (file) appendFileSync(file, `${JSON.stringify(mail)}\n`);
        if (pause && existsSync(pause)) await delay(Number(readFileSync(pause, 'utf8')));
      })
      .then(() => done(), done);
  },
});
// Errors are ignored, because faults break connections on purpose.
server.on('error', () => {});
server.listen(Number(port), '127.0.0.1');
