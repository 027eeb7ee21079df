import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { simpleParser } from 'mailparser';
import { createMailer } from '../../activities/email/mailer.ts';
import { samples } from '../../mail/samples.ts';
import { renderOrderEmail } from '../../mail/templates/order-email.ts';
import { type SesAnswer, sesAccepts, sesRefuses, startSes } from './mail-servers.ts';

const cleanups: (() => unknown)[] = [];
const environment = { ...process.env };

beforeAll(() => {
  // The SDK looks for credentials in these variables first.
  process.env.AWS_ACCESS_KEY_ID = 'a-test';
  process.env.AWS_SECRET_ACCESS_KEY = 'a-test';
});

afterAll(() => {
  process.env = environment;
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const input = samples.find(({ name }) => name === 'customer-ready')?.input;
if (!input) throw new Error('No such sample');
const content = renderOrderEmail(input);
const email = {
  eventId: '5b0f9d5e-9a35-4c8e-8a51-2f6f6f0f6c42:3',
  recipient: 'customer',
  to: 'ana@example.com',
  ...content,
};

async function amazon(...answers: (SesAnswer | 'silence')[]) {
  const ses = await startSes(answers);
  cleanups.push(ses.close);
  return { ses, mailer: mailerTo(ses.url) };
}

function mailerTo(endpoint: string, answer = 20_000) {
  const settings = {
    NOTIFICATIONS_ENV: 'production',
    SMTP_URL: 'smtp://127.0.0.1:1',
    EMAIL_FROM: 'Crema <orders@crema.example>',
    AWS_REGION: 'eu-west-1',
    SES_ENDPOINT: endpoint,
  };
  const mailer = createMailer(settings, { transfer: 20_000, answer });
  cleanups.push(mailer.close);
  return mailer;
}

/** Starts a server that resets a connection once the received data matches. Returns its port. */
async function startResetting(at: RegExp): Promise<number> {
  const server = createServer((socket) => {
    let received = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      received += data.toString('latin1');
      if (at.test(received)) socket.resetAndDestroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('email through Amazon SES', () => {
  test('sends the whole message in one signed request', async () => {
    const { ses, mailer } = await amazon(sesAccepts);

    await expect(mailer.send({ ...email, toName: 'Ana\r\nBcc: eve@example.org' })).resolves.toEqual({
      outcome: 'sent',
      messageId: '0100018c-000000',
    });

    expect(ses.requests).toHaveLength(1);
    const [{ form, authorization }] = ses.requests as [(typeof ses.requests)[0]];
    expect(form.get('Action')).toBe('SendRawEmail');
    expect(form.get('Source')).toBe('orders@crema.example');
    expect([...form.entries()].filter(([key]) => key.startsWith('Destinations'))).toEqual([
      ['Destinations.member.1', 'ana@example.com'],
    ]);
    expect(authorization).toContain('/eu-west-1/ses/aws4_request');

    const raw = Buffer.from(form.get('RawMessage.Data') ?? '', 'base64');
    expect(raw.toString()).not.toMatch(/(^|[^\r])\n/);
    expect(raw.toString()).not.toMatch(/^Bcc:/im);
    const mail = await simpleParser(raw);
    expect(mail.from?.value).toEqual([{ name: 'Crema', address: 'orders@crema.example' }]);
    expect(mail.to).toMatchObject({ value: [{ address: 'ana@example.com' }] });
    expect(mail.subject).toBe(content.subject);
    expect(mail.headers.get('x-crema-event-id')).toBe(email.eventId);
    expect(mail.messageId).toMatch(/@crema>$/);
    expect(mail.html).toBe(content.html);
    expect(mail.text).toBe(content.text);
  });

  test.each([
    ['MessageRejected', 'Content rejected for ana@example.com'],
    ['InvalidParameterValue', 'Domain contains illegal character'],
    ['ValidationError', 'Value at rawMessage failed to satisfy constraint'],
  ])('reports %s as a permanent refusal', async (code, message) => {
    const { ses, mailer } = await amazon(sesRefuses(400, code, message));
    expect(await mailer.send(email)).toEqual({ outcome: 'refused', detail: `The mail server refused it: ${code} 400` });
    expect(ses.requests).toHaveLength(1);
  });

  test.each<[string, SesAnswer]>([
    ['Throttling', sesRefuses(400, 'Throttling', 'Maximum sending rate exceeded.')],
    ['ServiceUnavailable', sesRefuses(503, 'ServiceUnavailable', 'Later, please')],
    ['InternalFailure', sesRefuses(500, 'InternalFailure', 'Oops')],
    ['AccountSendingPaused', sesRefuses(400, 'AccountSendingPausedException', 'Sending is paused')],
    ['SignatureDoesNotMatch', sesRefuses(403, 'SignatureDoesNotMatch', 'Check your key')],
    ['an unverified sender', sesRefuses(400, 'MessageRejected', 'Email address is not verified.')],
    ['an answer that is not XML', { status: 502, body: 'Bad gateway' }],
  ])('reports %s as an outage after one attempt, and the next attempt can succeed', async (_what, answer) => {
    const { ses, mailer } = await amazon(answer, sesAccepts);
    const failure = await mailer.send(email).catch((error) => error);
    expect(failure.message).toMatch(/^Email was not sent/);
    expect(ses.requests).toHaveLength(1);

    await expect(mailer.send(email)).resolves.toEqual({ outcome: 'sent', messageId: '0100018c-000000' });
  });

  test('reports an email as unanswered if Amazon does not answer before the timeout', async () => {
    const { ses } = await amazon('silence');
    const started = performance.now();
    expect(await mailerTo(ses.url, 500).send(email)).toMatchObject({ outcome: 'unanswered' });
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  test('reports an outage if Amazon is unavailable', async () => {
    const { ses, mailer } = await amazon();
    await ses.close();
    cleanups.shift();
    const failure = await mailer.send(email).catch((error) => error);
    expect(failure.message).toMatch(/^Email was not sent/);
  });

  test('reports an outage if the connection breaks before TLS is established', async () => {
    const mailer = mailerTo(`https://127.0.0.1:${await startResetting(/./s)}`);
    const failure = await mailer.send(email).catch((error) => error);
    expect(failure.message).toMatch(/^Email was not sent/);
  });

  test('reports an email as unanswered if the connection breaks after the message', async () => {
    const mailer = mailerTo(`http://127.0.0.1:${await startResetting(/Action=SendRawEmail/)}`);
    expect(await mailer.send(email)).toMatchObject({ outcome: 'unanswered' });
  });

  test('requires a region', () => {
    const settings = { NOTIFICATIONS_ENV: 'production', SMTP_URL: '', EMAIL_FROM: 'orders@crema.example' };
    expect(() => createMailer(settings)).toThrow(TypeError);
  });
});
