import { TEST_EVENT } from './webhook.ts';

/**
 * Returns the CloudEvent that tests a webhook.
 *
 * @param at RFC 3339 UTC
 * @param publicUrl base URL of the API as clients see it
 */
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
