import { createSign, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newSigner, type Signer } from './certificate.ts';

export const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:crema-mail';

type Message = Record<string, string>;

const SIGNED = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Starts a fake Amazon SNS: it serves certificates, over http rather than https, accepts confirmations, and signs messages as
 * Amazon does.
 */
export async function startSns() {
  const signers: Record<string, Signer> = {
    '/SimpleNotificationService-good.pem': newSigner(new Date(Date.now() + DAY_MS)),
    '/SimpleNotificationService-old.pem': newSigner(new Date(Date.now() - DAY_MS)),
  };
  const requested: string[] = [];
  const server = createServer((request, response) => {
    const address = request.url ?? '';
    requested.push(address);
    const signer = signers[address];
    if (address.startsWith('/moved'))
      response.writeHead(302, { location: '/SimpleNotificationService-good.pem' }).end();
    else if (signer || address.startsWith('/?Action=ConfirmSubscription')) response.end(signer?.pem ?? '<ok/>');
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** Returns a signed message of the topic. @param given replaces default fields */
  function message(given: Message, signedBy = '/SimpleNotificationService-good.pem'): Message {
    const whole = {
      Type: 'Notification',
      MessageId: randomUUID(),
      TopicArn: TOPIC,
      Timestamp: new Date().toISOString(),
      SignatureVersion: '2',
      SigningCertURL: `${url}${signedBy}`,
      ...given,
    };
    return { ...whole, Signature: signatureOf(whole, signers[signedBy]!) };
  }

  const confirmation = (given: Message = {}) =>
    message({
      Type: 'SubscriptionConfirmation',
      Message: 'You have chosen to subscribe.',
      Token: 'a-token',
      SubscribeURL: `${url}/?Action=ConfirmSubscription&Token=a-token`,
      ...given,
    });

  const close = () => new Promise((resolve) => server.close(resolve));
  return { url, requested, message, confirmation, close };
}

function signatureOf(message: Message, { key }: Signer): string {
  const text = SIGNED.flatMap((name) => (name in message ? [`${name}\n${message[name]}\n`] : [])).join('');
  const hash = message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  return createSign(hash).update(text).sign(key, 'base64');
}
