import { createVerify, X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** A message of Amazon SNS as it is posted to whoever has subscribed to a topic. */
export interface SnsMessage {
  Type: 'Notification' | 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
  MessageId: string;
  TopicArn: string;
  Subject?: string | undefined;
  Message: string;
  Timestamp: string;
  SignatureVersion: '1' | '2';
  Signature: string;
  SigningCertURL: string;
  SubscribeURL?: string | undefined;
  Token?: string | undefined;
}

/** Why a message is not believed, in one sentence. */
export interface Unbelievable {
  refused: 'unbelievable';
  detail: string;
}

export interface Sns {
  /** Whether a message was sent by Amazon, to this topic, a short while ago. @throws when Amazon's certificate cannot be had */
  check(message: SnsMessage): Promise<Unbelievable | undefined>;
  /** Tells Amazon that the topic's messages are to come here, as a believed message asks. @throws when that fails */
  confirm(message: SnsMessage): Promise<Unbelievable | undefined>;
}

interface Settings {
  /** Whose messages are believed. */
  topicArn: string;
  /** Only for tests: where Amazon SNS is in place of its own addresses. */
  endpoint?: string | undefined;
}

/** How long Amazon may take to answer, in ms. */
const DEADLINE_MS = 3_000;

/** How old a message may be, or ahead of our clock, in ms: Amazon tries for less than an hour to deliver one. */
const REPLAYABLE_MS = 60 * 60 * 1_000;

const AMAZON = /^sns[.][a-z]{2}(-[a-z]+)+-\d[.]amazonaws[.]com([.]cn)?$/;

const hashes = { 1: 'RSA-SHA1', 2: 'RSA-SHA256' } as const;

/** What is signed, in this order (Amazon SNS, "Verifying the signatures of Amazon SNS messages"). */
const signed = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  confirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const;

/** Believes messages of one topic. */
export function createSns({ topicArn, endpoint }: Settings): Sns {
  const certificates = new LRUCache<string, X509Certificate>({ max: 10 });

  async function check(message: SnsMessage): Promise<Unbelievable | undefined> {
    if (message.TopicArn !== topicArn) return unbelievable('It belongs to another topic.');
    if (!(Math.abs(Date.now() - Date.parse(message.Timestamp)) < REPLAYABLE_MS)) {
      return unbelievable('It is not from the last hour.');
    }
    if (!isAmazons(message.SigningCertURL, '.pem')) return unbelievable('Its certificate is not from Amazon.');
    const certificate = await certificateAt(message.SigningCertURL);
    if (Date.parse(certificate.validTo) < Date.now()) return unbelievable('Its certificate has expired.');
    const verify = createVerify(hashes[message.SignatureVersion]).update(textOf(message));
    return verify.verify(certificate.publicKey, message.Signature, 'base64')
      ? undefined
      : unbelievable('It is not signed by Amazon.');
  }

  async function confirm({ SubscribeURL = '' }: SnsMessage): Promise<Unbelievable | undefined> {
    if (!isAmazons(SubscribeURL)) return unbelievable('Its SubscribeURL is not Amazon’s.');
    await fetchFrom(SubscribeURL);
    return undefined;
  }

  /** Whoever could name any address would have us call it, and sign for themselves. */
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

  return { check, confirm };
}

async function fetchFrom(address: string): Promise<string> {
  const answer = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(DEADLINE_MS) });
  if (!answer.ok) throw new Error(`Amazon SNS answers ${answer.status}`);
  return answer.text();
}

function textOf(message: SnsMessage): string {
  const names = message.Type === 'Notification' ? signed.Notification : signed.confirmation;
  return names
    .flatMap((name) => (message[name as keyof SnsMessage] === undefined ? [] : [`${name}\n${message[name]}\n`]))
    .join('');
}

const unbelievable = (detail: string): Unbelievable => ({ refused: 'unbelievable', detail });
