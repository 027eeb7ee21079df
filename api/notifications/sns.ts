import { createVerify, X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SnsMessage } from './schemas.ts';

interface Settings {
  topicArn: string;
  /** Replaces Amazon's own addresses, in tests. */
  endpoint?: string | undefined;
}

/** How long Amazon may take to answer, in ms. */
const FETCH_TIMEOUT_MS = 3_000;

/** The maximum difference between a message's timestamp and the clock, in ms. Amazon's retries end before that. */
const MAX_AGE_MS = 60 * 60 * 1_000;

const AMAZON = /^sns[.][a-z]{2}(-[a-z]+)+-\d[.]amazonaws[.]com([.]cn)?$/;

const hashes = { 1: 'RSA-SHA1', 2: 'RSA-SHA256' } as const;

/** The signed fields, in order (Amazon SNS, "Verifying the signatures of Amazon SNS messages"). */
const signed = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  confirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const;

export function createSns({ topicArn, endpoint }: Settings) {
  const certificates = new LRUCache<string, X509Certificate>({ max: 10 });

  /**
   * Returns whether a URL is Amazon's. Without this check, a forged message could name a certificate of its own, or make Crema
   * call any host.
   */
  function isAmazons(address: string, ending = ''): boolean {
    const url = URL.parse(address);
    if (!url?.pathname.endsWith(ending)) return false;
    if (endpoint) return url.origin === new URL(endpoint).origin;
    return url.protocol === 'https:' && url.port === '' && !url.username && AMAZON.test(url.hostname);
  }

  async function certificateAt(address: string): Promise<X509Certificate> {
    const known = certificates.get(address);
    if (known) return known;
    const certificate = new X509Certificate(await fetchFrom(address));
    certificates.set(address, certificate);
    return certificate;
  }

  return {
    /** Verifies that Amazon sent a message to this topic recently. @throws if Amazon's certificate cannot be fetched */
    async check(message: SnsMessage): Promise<string | undefined> {
      if (message.TopicArn !== topicArn) return 'It belongs to another topic.';
      if (!(Math.abs(Date.now() - Date.parse(message.Timestamp)) < MAX_AGE_MS)) {
        return 'It is not from the last hour.';
      }
      if (!isAmazons(message.SigningCertURL, '.pem')) return 'Its certificate is not from Amazon.';
      const certificate = await certificateAt(message.SigningCertURL);
      if (Date.parse(certificate.validTo) < Date.now()) return 'Its certificate has expired.';
      const verify = createVerify(hashes[message.SignatureVersion]).update(textOf(message));
      return verify.verify(certificate.publicKey, message.Signature, 'base64')
        ? undefined
        : 'It is not signed by Amazon.';
    },

    /** Confirms the subscription that a verified message requests. @throws if Amazon does not answer */
    async confirm({ SubscribeURL = '' }: SnsMessage): Promise<string | undefined> {
      if (!isAmazons(SubscribeURL)) return 'Its SubscribeURL is not Amazon’s.';
      await fetchFrom(SubscribeURL);
      return undefined;
    },
  };
}

export type Sns = ReturnType<typeof createSns>;

async function fetchFrom(address: string): Promise<string> {
  const answer = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`Amazon SNS answers ${answer.status}`);
  return answer.text();
}

function textOf(message: SnsMessage): string {
  const names = message.Type === 'Notification' ? signed.Notification : signed.confirmation;
  return names
    .flatMap((name) =>
      message[name] === undefined
        ? []
        : [
            `${name}
${message[name]}
`,
          ],
    )
    .join('');
}
