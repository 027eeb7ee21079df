import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What becomes of a mail once the server has all of it: it says nothing, hangs up, cuts the line, or says thank you. */
export type Mood = 'stalls' | 'drops' | 'resets' | 'takes';

const answers: [command: RegExp, answer: string][] = [
  [/^EHLO /, '250 hello'],
  [/^(MAIL FROM|RCPT TO|RSET)/, '250 ok'],
  [/^DATA/, '354 go on'],
  [/^QUIT/, '221 bye'],
];

/** An SMTP server that takes every mail, and then behaves as no well-behaved server does. */
export async function startMoodySmtp() {
  /** For the next mails; then it is well. */
  const moods: Mood[] = [];
  /** Every mail of which it had all. */
  const taken: string[] = [];
  const sockets = new Set<Socket>();

  function end(socket: Socket): void {
    const mood = moods.shift() ?? 'takes';
    if (mood === 'drops') socket.destroy();
    if (mood === 'resets') socket.resetAndDestroy();
    if (mood === 'takes') socket.write('250 thank you\r\n');
  }

  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    let said = '';
    let inMessage = false;
    socket.write('220 hello\r\n');
    socket.on('data', (chunk) => {
      said += chunk.toString();
      if (inMessage) {
        if (!said.endsWith('\r\n.\r\n')) return;
        taken.push(said);
        [said, inMessage] = ['', false];
        end(socket);
        return;
      }
      for (let at = said.indexOf('\r\n'); at >= 0 && !inMessage; at = said.indexOf('\r\n')) {
        const command = said.slice(0, at);
        said = said.slice(at + 2);
        inMessage = command === 'DATA';
        socket.write(`${answers.find(([pattern]) => pattern.test(command))?.[1] ?? '502 what?'}\r\n`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    moods,
    taken,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
