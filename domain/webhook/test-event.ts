import { TEST_EVENT } from './webhook.ts';

/** What a webhook is tried with: a CloudEvent as all others, about the webhook itself. @param at RFC 3339 UTC @param publicUrl where clients see the API */
export const testEvent = (id: string, webhookId: string, at: string, publicUrl: string) => ({
  specversion: '1.0',
  type: TEST_EVENT,
  id,
  source: `${publicUrl}/v1/webhooks`,
  subject: webhookId,
  time: at,
  datacontenttype: 'application/json',
  data: {},
});
