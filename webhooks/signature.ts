import { Webhook } from 'standardwebhooks';

/**
 * Returns the headers by which a receiver verifies that Crema sent the request (Standard Webhooks).
 *
 * @param secrets the webhook's valid secrets, decrypted; the headers contain a signature for each secret
 * @param at the time at which the request is sent
 */
export function signatureHeaders(secrets: string[], eventId: string, at: Date, body: string): Record<string, string> {
  return {
    'webhook-id': eventId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(eventId, at, body)).join(' '),
  };
}
