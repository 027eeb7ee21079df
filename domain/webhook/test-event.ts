import { TEST_EVENT } from './webhook.ts';

/** What a webhook is tried with: a CloudEvent as all others, about the webhook itself. @param at RFC 3339 UTC */
export const testEvent = (id: string, webhookId: string, at: string) => ({
  specversion: '1.0',
  type: TEST_EVENT,
  id,
  source: '/webhooks',
  subject: webhookId,
  time: at,
  datacontenttype: 'application/json',
  data: {},
});
