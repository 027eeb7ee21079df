import { z } from 'zod';

/** A message of Amazon SNS. Unknown fields are ignored, because Amazon may add some. */
export const snsMessage = z
  .object({
    Type: z
      .enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation'])
      .meta({ id: 'SnsMessageType' }),
    MessageId: z.string(),
    TopicArn: z.string(),
    Subject: z.string().optional(),
    Message: z.string().meta({ description: 'Notifications only: the bounce or complaint of Amazon SES, as JSON' }),
    Timestamp: z.iso.datetime({ offset: true }),
    SignatureVersion: z.enum(['1', '2']).meta({ id: 'SnsSignatureVersion' }),
    Signature: z.string(),
    SigningCertURL: z.string(),
    SubscribeURL: z.string().optional(),
    Token: z.string().optional(),
    UnsubscribeURL: z.string().optional(),
  })
  .meta({
    id: 'SnsMessage',
    examples: [
      {
        Type: 'Notification',
        MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
        TopicArn: 'arn:aws:sns:eu-central-1:123456789012:crema-mail',
        Message:
          '{"notificationType": "Bounce", "mail": {"messageId": "0107018c-…", "destination": ["ana@example.com"]}, "bounce": {"bounceType": "Permanent"}}',
        Timestamp: '2026-11-22T09:32:00.000Z',
        SignatureVersion: '2',
        Signature: 'EXAMPLElDMXvB8r9R83tGoNn0ecwd5UjllzsvSvbItzfaMpN2nk5HVSw7XnOn',
        SigningCertURL: 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-example.pem',
      },
    ],
  });
export type SnsMessage = z.output<typeof snsMessage>;
