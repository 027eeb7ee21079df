import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { SMTPServerOptions } from 'smtp-server';
import type { EmailTimeouts } from '../../activities/email/attempt.ts';
import { createMailer } from '../../activities/email/mailer.ts';
import { samples } from '../../mail/samples.ts';
import { renderOrderEmail } from '../../mail/templates/order-email.ts';
import { type Reaction, startFaultySmtp } from './faulty-smtp.ts';
import { smtpError, startSmtp } from './mail-servers.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const email = {
  eventId: '5b0f9d5e-9a35-4c8e-8a51-2f6f6f0f6c42:1',
  recipient: 'customer',
  to: 'ana@example.com',
  toName: 'Ana Souza',
  subject: 'We’ve got your order #42',
  text: 'Thank you!\n',
  html: '<p>Thank you!</p>',
};

async function shop(options?: SMTPServerOptions) {
  const server = await startSmtp(options);
  cleanups.push(server.close);
  return { server, mailer: mailerAt(server.url) };
}

function mailerAt(url: string, timeouts: Partial<EmailTimeouts> = {}) {
  const settings = { NOTIFICATIONS_ENV: 'development', SMTP_URL: url, EMAIL_FROM: 'Crema <orders@crema.example>' };
  const mailer = createMailer(settings, { transfer: 20_000, answer: 20_000, ...timeouts });
  cleanups.push(mailer.close);
  return mailer;
}

/** Returns the error of an outage; refused and unanswered emails are results. */
async function outageOf(attempt: Promise<unknown>): Promise<Error> {
  return attempt.then(
    (result) => {
      throw new Error(`It should have failed, but is ${JSON.stringify(result)}`);
    },
    (error) => error,
  );
}

/** Repeats a failed attempt once: on a busy machine, a transfer may exceed its short timeout. */
const retryOnce = <Result>(attempt: () => Promise<Result>): Promise<Result> => attempt().catch(attempt);

/** Starts a TCP server for behaviour that no SMTP library offers. */
async function startRawServer(speak: (socket: Socket, connection: number) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    speak(socket, sockets.size);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => sockets.size };
}

describe('email through SMTP', () => {
  test('delivers a receipt as text and HTML', async () => {
    const { server, mailer } = await shop();
    const input = samples.find(({ name }) => name === 'customer-placed')?.input;
    if (!input) throw new Error('No such sample');

    await expect(mailer.send({ ...email, ...renderOrderEmail(input) })).resolves.toEqual({
      outcome: 'sent',
      messageId: expect.stringMatching(/^<.*@crema>$/),
    });

    expect(server.arrivals).toHaveLength(1);
    const [{ mail, from, to }] = server.arrivals as [(typeof server.arrivals)[0]];
    expect({ from, to }).toEqual({ from: 'orders@crema.example', to: ['ana@example.com'] });
    expect(mail.from?.value).toEqual([{ name: 'Crema', address: 'orders@crema.example' }]);
    expect(mail.to).toMatchObject({ value: [{ name: 'Ana Souza', address: 'ana@example.com' }] });
    expect(mail.subject).toBe('We’ve got your order #42');
    expect(mail.headers.get('x-crema-event-id')).toBe(email.eventId);
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail.headers.get('content-type')).toMatchObject({ value: 'multipart/alternative' });
    for (const part of [mail.text, mail.html]) {
      for (const shown of ['#42', 'Latte', 'Pumpkin Spice', '$4.50', '$9.00', '$23.00']) expect(part).toContain(shown);
    }
    expect(mail.attachments).toEqual([]);
  });

  test('repeats the Message-ID for a repeated email only', async () => {
    const { server, mailer } = await shop();
    await mailer.send(email);
    await mailer.send({ ...email, subject: 'Another attempt' });
    await mailer.send({ ...email, recipient: 'shop', to: 'shop@crema.example' });
    await mailer.send({ ...email, eventId: email.eventId.replace(/1$/, '2') });

    const ids = server.arrivals.map(({ mail }) => mail.messageId);
    expect(ids[0]).toMatch(/^<5b0f9d5e-9a35-4c8e-8a51-2f6f6f0f6c42\.1\.[0-9a-f]{16}@crema>$/);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
  });

  test('adds no header or recipient for line breaks and addresses in a name or subject', async () => {
    const { server, mailer } = await shop();
    const toName = 'Ana\r\nBcc: everyone@example.org\u2028<eve@example.org>, "Bob';
    await mailer.send({ ...email, toName, subject: 'Hi\r\nX-Injected: yes\r\n\r\nbody' });

    const [{ raw, mail, to }] = server.arrivals as [(typeof server.arrivals)[0]];
    expect(to).toEqual(['ana@example.com']);
    expect(mail.to).toMatchObject({ value: [{ address: 'ana@example.com' }] });
    expect(mail.subject).toBe('Hi X-Injected: yes body');
    expect(mail.text).toBe('Thank you!\n');
    expect(raw.toString()).not.toMatch(/^(Bcc|X-Injected):/im);
  });

  test.each([
    'ana@example.com\r\nRCPT TO:<eve@example.org>',
    'ana@example.com, eve@example.org',
    '"Ana" <ana@example.com>',
    'group: ana@example.com;',
    'ana',
    '',
    `${'a'.repeat(250)}@example.com`,
  ])('refuses the recipient %j without sending', async (to) => {
    const { server, mailer } = await shop();
    expect(await mailer.send({ ...email, to })).toEqual({
      outcome: 'refused',
      detail: 'The recipient has no usable address.',
    });
    expect(server.arrivals).toEqual([]);
  });

  test.each(['nobody', 'a@example.com, b@example.com', 'Crema <orders@crema.example\r\nBcc: x@example.org>'])(
    'rejects the sender %j',
    (from) => {
      const settings = { NOTIFICATIONS_ENV: 'development', SMTP_URL: 'smtp://127.0.0.1:1', EMAIL_FROM: from };
      expect(() => createMailer(settings)).toThrow(TypeError);
    },
  );

  test('reports a 451 as an outage, and the next attempt arrives', async () => {
    let attempts = 0;
    const { server, mailer } = await shop({
      onRcptTo(_address, _session, done) {
        attempts += 1;
        done(attempts === 1 ? smtpError(451, 'Try again later') : null);
      },
    });
    const failure = await outageOf(mailer.send(email));
    expect(failure.message).toContain('451');
    expect(attempts).toBe(1);

    await mailer.send(email);
    expect(server.arrivals).toHaveLength(1);
  });

  test('reports a 550 to the recipient as a permanent refusal, with codes only', async () => {
    const { mailer } = await shop({
      onRcptTo: (address, _session, done) => done(smtpError(550, `5.1.1 <${address.address}> No such user`)),
    });
    expect(await mailer.send(email)).toEqual({
      outcome: 'refused',
      detail: 'The mail server refused it: 550 5.1.1 to RCPT TO',
    });
  });

  test('reports a 554 to the message as a permanent refusal', async () => {
    const { mailer } = await shop({
      onData(stream, _session, done) {
        stream.resume().on('end', () => done(smtpError(554, 'Looks like spam')));
      },
    });
    expect(await mailer.send(email)).toMatchObject({ outcome: 'refused' });
  });

  test.each<[string, SMTPServerOptions, string]>([
    ['our login (535)', { onAuth: (_auth, _session, done) => done(smtpError(535, 'Wrong password')) }, 'shop:secret@'],
    ['our connection (554)', { onConnect: (_session, done) => done(smtpError(554, 'Go away')) }, ''],
    ['our sender (550)', { onMailFrom: (_address, _session, done) => done(smtpError(550, 'Not your domain')) }, ''],
    [
      'a recipient before login (530)',
      { onRcptTo: (_address, _session, done) => done(smtpError(530, 'Authenticate first')) },
      '',
    ],
  ])('reports a refusal of %s as an outage', async (_what, options, login) => {
    const { server } = await shop({ allowInsecureAuth: true, ...options });
    const failure = await outageOf(mailerAt(server.url.replace('//', `//${login}`)).send(email));
    expect(failure.message).toMatch(/^Email was not sent/);
    expect(failure.message).not.toContain('secret');
  });

  describe('reports server and cause, without the login, of an outage if', () => {
    test.each<[string, SMTPServerOptions, (port: number) => string, string]>([
      ['the port is closed', {}, () => 'smtp://crema:s%20ecret@127.0.0.1:1', '127.0.0.1:1: ECONNREFUSED'],
      ['the name has no address', {}, () => 'smtp://crema:s%20ecret@nowhere.invalid', 'nowhere.invalid:587: E'],
      [
        'the certificate is not trusted',
        { secure: true },
        (port) => `smtps://crema:s%20ecret@127.0.0.1:${port}`,
        ' (its certificate is not trusted: NODE_EXTRA_CA_CERTS names further authorities)',
      ],
      [
        'the port speaks no TLS',
        {},
        (port) => `smtps://crema:s%20ecret@127.0.0.1:${port}`,
        'ERR_SSL_WRONG_VERSION_NUMBER (it does not speak TLS on this port: smtp:// starts without)',
      ],
      [
        'the server refuses the login',
        { allowInsecureAuth: true, onAuth: (_auth, _session, done) => done(smtpError(535, 'Wrong password s ecret')) },
        (port) => `smtp://crema:s%20ecret@127.0.0.1:${port}`,
        ': 535 to AUTH PLAIN',
      ],
    ])('%s', async (_what, options, urlAt, cause) => {
      const { server } = await shop(options);
      const failure = await outageOf(mailerAt(urlAt(server.port)).send(email));
      expect(failure.message).toMatch(/^Email was not sent through [\w.-]+:\d+: .*$/);
      expect(failure.message).toContain(cause);
      expect(failure.message).not.toMatch(/crema|ecret/);
    });
  });

  test.each<[string, (socket: Socket) => void]>([
    ['does not greet', () => {}],
    ['is silent after its greeting', (socket) => socket.write('220 hello\r\n')],
    [
      'sends its greeting without end',
      (socket) => {
        const drip = setInterval(() => socket.write('220-still here\r\n'), 50);
        socket.on('close', () => clearInterval(drip));
      },
    ],
  ])('reports an outage at the timeout if the server %s', async (_what, speak) => {
    const { url } = await startRawServer(speak);
    const started = performance.now();
    const failure = await outageOf(mailerAt(url, { transfer: 300 }).send(email));
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(failure.message).toMatch(/^Email was not sent/);
  });

  test.each<Reaction>(['stalls', 'drops', 'resets'])(
    'reports an email as unanswered, and does not retry, if the server has it and %s',
    async (reaction) => {
      const faulty = await startFaultySmtp();
      cleanups.push(faulty.close);
      const mailer = mailerAt(faulty.url, { answer: 500 });
      faulty.reactions.push(reaction);
      expect(await mailer.send(email)).toMatchObject({ outcome: 'unanswered' });
      expect(faulty.received).toHaveLength(1);

      await mailer.send(email);

      const names = faulty.received.map((raw) => /^Message-ID: (.*)\r$/im.exec(raw)?.[1]);
      expect(names).toEqual([expect.stringMatching(/@crema>$/), names[0]]);
    },
  );

  test('waits longer for the answer to a whole message than for its transfer', async () => {
    const { server } = await shop({
      onData(stream, _session, done) {
        stream.resume().on('end', () => setTimeout(done, 3_000));
      },
    });
    const mailer = mailerAt(server.url, { transfer: 2_000 });
    expect(await retryOnce(() => mailer.send(email))).toMatchObject({ outcome: 'sent' });
  });

  test('limits only the transfer of an attempt with a transfer timeout', async () => {
    const { url } = await startRawServer(() => {});
    const started = performance.now();
    const failure = await outageOf(mailerAt(url).send(email, undefined, 200));
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(failure.message).toContain('deadline');

    const { server } = await shop({
      onData(stream, _session, done) {
        stream.resume().on('end', () => setTimeout(done, 3_000));
      },
    });
    const mailer = mailerAt(server.url);
    expect(await retryOnce(() => mailer.send(email, undefined, 2_000))).toMatchObject({ outcome: 'sent' });
  });

  test('is unavailable from an unanswered email until the next answer', async () => {
    const faulty = await startFaultySmtp();
    cleanups.push(faulty.close);
    const mailer = mailerAt(faulty.url);
    expect(mailer.isUnavailable()).toBe(false);
    faulty.reactions.push('drops');
    await mailer.send(email);
    expect(mailer.isUnavailable()).toBe(true);

    await mailer.send(email);

    expect(mailer.isUnavailable()).toBe(false);
  });

  test('is unavailable after a failed connection, not after a cancellation', async () => {
    const closed = mailerAt('smtp://127.0.0.1:1');
    await outageOf(closed.send(email));
    expect(closed.isUnavailable()).toBe(true);

    const { url } = await startRawServer(() => {});
    const silent = mailerAt(url);
    await outageOf(silent.send(email, AbortSignal.abort()));
    expect(silent.isUnavailable()).toBe(false);
  });

  test('stays available after the mail server rejects an email temporarily', async () => {
    const { mailer } = await shop({ onRcptTo: (_address, _session, done) => done(smtpError(451, 'Later')) });
    await outageOf(mailer.send(email));
    expect(mailer.isUnavailable()).toBe(false);
  });

  test('a cancelled attempt ends at once only if the server does not have the whole message', async () => {
    const { url } = await startRawServer(() => {});
    const early = new AbortController();
    const attempt = outageOf(mailerAt(url).send(email, early.signal));
    early.abort();
    expect((await attempt).message).toMatch(/^Email was not sent/);

    const late = new AbortController();
    const { server } = await shop({
      onData(stream, _session, done) {
        stream.resume().on('end', () => {
          late.abort();
          setTimeout(done, 300);
        });
      },
    });
    await mailerAt(server.url).send(email, late.signal);
  });

  test.each(['MAIL FROM', 'RCPT TO', 'DATA'])(
    'reports an outage if the connection breaks at %s, also for a short email',
    async (command) => {
      const { url } = await startRawServer((socket) => {
        socket.write('220 hello\r\n');
        socket.on('data', (data) => {
          if (String(data).startsWith(command)) socket.resetAndDestroy();
          else socket.write('250 ok\r\n');
        });
      });
      expect((await outageOf(mailerAt(url).send(email))).message).toMatch(/^Email was not sent/);
    },
  );

  test('reports an outage if the server resets the connection after its greeting', async () => {
    const { url } = await startRawServer((socket) => {
      socket.write('220 hello\r\n');
      socket.once('data', () => socket.resetAndDestroy());
    });
    expect((await outageOf(mailerAt(url).send(email))).message).toMatch(/^Email was not sent/);
  });

  test('sends further emails over the same connection pool after a refusal', async () => {
    const { server, mailer } = await shop({
      onRcptTo: ({ address }, _session, done) => done(address.startsWith('gone') ? smtpError(550, 'Gone') : null),
    });
    expect(await mailer.send({ ...email, to: 'gone@example.com' })).toMatchObject({ outcome: 'refused' });
    await Promise.all(Array.from({ length: 12 }, () => mailer.send(email)));
    expect(server.arrivals).toHaveLength(12);
  });
});
