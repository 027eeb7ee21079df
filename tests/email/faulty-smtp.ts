import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** How the server reacts to a whole email: it does not answer, closes or resets the connection, or confirms the email. */
export type Reaction = 'stalls' | 'drops' | 'resets' | 'confirms';

const answers: [command: RegExp, answer: string][] = [
  [/^EHLO /, '250 hello'],
  [/^(MAIL FROM|RCPT TO|RSET)/, '250 ok'],
  [/^DATA/, '354 go on'],
  [/^QUIT/, '221 bye'],
];

/** Starts an SMTP server that receives every email and can then react as a faulty server. */
export async function startFaultySmtp() {
  /** The reactions to the next emails. The server confirms all further emails. */
  const reactions: Reaction[] = [];
  /** The emails that arrived whole. */
  const received: string[] = [];
  /** Those that the server confirmed. */
  const confirmed: string[] = [];
  const stalled = new Set<Socket>();
  const sockets = new Set<Socket>();

  function end(socket: Socket, email: string): void {
    const reaction = reactions.shift() ?? 'confirms';
    received.push(email);
    if (reaction === 'stalls') stalled.add(socket);
    if (reaction === 'drops') socket.destroy();
    if (reaction === 'resets') socket.resetAndDestroy();
    if (reaction === 'confirms') {
      confirmed.push(email);
      socket.write('250 thank you\r\n');
    }
  }

  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    let data = '';
    let inMessage = false;
    socket.write('220 hello\r\n');
    socket.on('data', (chunk) => {
      data += chunk.toString();
      if (inMessage) {
        if (!data.endsWith('\r\n.\r\n')) return;
        const email = data;
        [data, inMessage] = ['', false];
        end(socket, email);
        return;
      }
      for (let at = data.indexOf('\r\n'); at >= 0 && !inMessage; at = data.indexOf('\r\n')) {
        const command = data.slice(0, at);
        data = data.slice(at + 2);
        inMessage = command === 'DATA';
        socket.write(`${answers.find(([pattern]) => pattern.test(command))?.[1] ?? '502 what?'}\r\n`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reactions,
    received,
    confirmed,
    /** Closes the connections of emails that the server has not answered, and confirms all further emails. */
    recover(): void {
      reactions.length = 0;
      for (const socket of stalled) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
