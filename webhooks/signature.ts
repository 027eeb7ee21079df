import { Webhook } from 'standardwebhooks';

/**
 * Returns the headers by which the receiver of a webhook checks that Crema sent it (Standard Webhooks).
 *
 * @param secrets the webhook's valid secrets, decrypted. Each of them gives a signature
 * @param at when the request is sent
 */
export function signatureHeaders(secrets: string[], eventId: string, at: Date, body: string): Record<string, string> {
  return {
    'webhook-id': eventId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(eventId, at, body)).join(' '),
  };
}
