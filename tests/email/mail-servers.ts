import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { waitFor } from '../../stack/wait.ts';

/** An email as it arrived at a server. */
export interface Arrival {
  raw: Buffer;
  mail: ParsedMail;
  from: string;
  to: string[];
}

export interface SmtpOptions extends SMTPServerOptions {
  /** Delays the answer to a whole email. */
  beforeAnswer?: () => Promise<void>;
}

/** Starts an SMTP server on a free port. By default it accepts everything. */
export async function startSmtp({ beforeAnswer, ...options }: SmtpOptions = {}) {
  const arrivals: Arrival[] = [];
  let parsing = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      void read(stream)
        .then(async (raw) => {
          const { mailFrom, rcptTo } = session.envelope;
          const from = mailFrom ? mailFrom.address : '';
          parsing += 1;
          arrivals.push({ raw, mail: await simpleParser(raw), from, to: rcptTo.map(({ address }) => address) });
          parsing -= 1;
          await beforeAnswer?.();
        })
        .then(() => done(), done);
    },
    ...options,
  });
  // Errors are ignored, because some tests break a connection in the middle of an email.
  server.on('error', () => {});
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(resolve));
  /** Waits until the emails of closed connections are parsed. On a busy machine, this takes a while. */
  const settled = () =>
    waitFor('the end of all SMTP connections', () => server.connections.size === 0 && parsing === 0, {
      deadline: 20_000,
    });
  return { url: `smtp://127.0.0.1:${port}`, port, arrivals, settled, close };
}

/** A server's refusal: `550 No such user`. */
export const smtpError = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode });

/** An answer of Amazon SES. */
export interface SesAnswer {
  status: number;
  body: string;
}

/**
 * Starts a fake Amazon SES with Amazon's Query protocol. The server gives these answers in turn and repeats the last one. An answer
 * can be a function of the request's form.
 */
export async function startSes(answers: (SesAnswer | 'silence' | ((form: URLSearchParams) => SesAnswer))[]) {
  const requests: { form: URLSearchParams; authorization: string }[] = [];
  const server = createServer(async (request, response) => {
    const body = (await read(request)).toString();
    const form = new URLSearchParams(body);
    requests.push({ form, authorization: request.headers.authorization ?? '' });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    const answer = typeof next === 'function' ? next(form) : next;
    if (!answer || answer === 'silence') return;
    response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, requests, close };
}

const xmlns = 'xmlns="http://ses.amazonaws.com/doc/2010-12-01/"';

export const sesAccepts: SesAnswer = {
  status: 200,
  body: `<SendRawEmailResponse ${xmlns}><SendRawEmailResult><MessageId>0100018c-000000</MessageId></SendRawEmailResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></SendRawEmailResponse>`,
};

export const sesRefuses = (status: number, code: string, message: string): SesAnswer => ({
  status,
  body: `<ErrorResponse ${xmlns}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`,
});

async function read(stream: AsyncIterable<Buffer> | IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
