import { Problem } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import { type SnsMessage, snsMessage } from './schemas.ts';
import type { Sns } from './sns.ts';

interface Dependencies {
  /** undefined if `SES_TOPIC_ARN` is not set. */
  sns: Sns | undefined;
  /** Records a report of Amazon SES. */
  returnedEmail: (message: string) => Promise<void>;
}

export function notificationRoutes({ sns, returnedEmail }: Dependencies): Route[] {
  return [
    route({
      method: 'post',
      path: '/notifications/ses',
      operationId: 'notifyOfMail',
      tag: 'Operations',
      summary: 'Receive bounces and complaints from Amazon SES',
      description:
        'Accepts messages of the Amazon SNS topic `SES_TOPIC_ARN` that Amazon has signed within the last hour. Confirms ' +
        'the subscription of the topic automatically. Amazon sends the JSON as `text/plain`. An address that bounces ' +
        'permanently receives no more email.',
      access: 'anyone',
      body: snsMessage,
      // The OpenAPI document omits this media type, because client generators support only one for each body.
      bodyAlso: 'text/plain',
      responses: { 204: { description: 'Processed' } },
      problems: ['forbidden', 'not_found'],
      handle: async ({ body }) => {
        if (!sns)
          throw new Problem('not_found', {
            detail: 'This shop accepts no messages of Amazon SNS, because SES_TOPIC_ARN is not set.',
          });
        await verify(sns, body);
        if (body.Type === 'Notification') await returnedEmail(body.Message);
        return { status: 204 };
      },
    }),
  ];
}

/** Verifies a message, and confirms the subscription if it requests one. If the response is a 503, Amazon repeats the message. */
async function verify(sns: Sns, message: SnsMessage): Promise<void> {
  const confirms = message.Type === 'SubscriptionConfirmation';
  let rejection: string | undefined;
  try {
    rejection = (await sns.check(message)) ?? (confirms ? await sns.confirm(message) : undefined);
  } catch (cause) {
    throw new Problem('unavailable', { detail: 'Amazon SNS cannot be reached. Try again.', cause });
  }
  if (rejection) throw new Problem('forbidden', { detail: `The message was rejected. ${rejection}` });
}
