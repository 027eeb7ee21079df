import { z } from 'zod';
import type { DeliveryLedger, Returned } from '../../db/deliveries.ts';
import type { EmailSuppressions } from '../../db/email-suppressions.ts';
import type { ReturnedAs } from '../../domain/order/suppression-reason.ts';

const header = z.object({ name: z.string(), value: z.string() });

/** What Amazon SES says of a mail: as an identity's notification, or as a configuration set's event. */
const report = z.object({
  notificationType: z.string().optional(),
  eventType: z.string().optional(),
  mail: z.object({
    messageId: z.string(),
    destination: z.array(z.string()),
    /** Where "include original headers" is on. */
    headers: z.array(header).default([]),
  }),
  bounce: z.object({ bounceType: z.string(), bounceSubType: z.string().default('') }).optional(),
  complaint: z.object({ complaintFeedbackType: z.string().nullish() }).optional(),
});
type Report = z.output<typeof report>;

/** `<orderId>:<version>`, perhaps with an alert: other mails stand in no ledger. */
const eventId = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):\d+(:[a-z]+)?$/;

interface Dependencies {
  ledger: Pick<DeliveryLedger, 'recordReturned'>;
  suppressions: Pick<EmailSuppressions, 'add'>;
}

/**
 * Takes what Amazon SES reports of a mail. One that came back for good, or was called spam, is the last one to its
 * address; what came back for the moment Amazon tries again itself.
 *
 * @param text the message of a notification, JSON
 */
export function createReturnedMail({ ledger, suppressions }: Dependencies) {
  return async (text: string): Promise<void> => {
    const { data } = report.safeParse(parseJson(text));
    const as = data && returnedAs(data);
    if (!as) return;
    const { messageId, destination } = data.mail;
    // Each of our mails goes to one address; a forwarder's, which may be what bounced, is none of ours.
    for (const address of destination) await suppressions.add(address, as);
    const detail = as === 'bounced' ? `Amazon SES: ${kindOf(data)}` : 'Amazon SES: the reader called it spam';
    await ledger.recordReturned({ messageId, mail: mailOf(data), as, at: new Date(), detail });
  };
}

function returnedAs({ notificationType, eventType, bounce, complaint }: Report): ReturnedAs | undefined {
  const type = notificationType ?? eventType;
  if (type === 'Bounce' && bounce?.bounceType === 'Permanent') return 'bounced';
  // Some readers say so of what was no spam.
  return type === 'Complaint' && complaint?.complaintFeedbackType !== 'not-spam' ? 'complained' : undefined;
}

const kindOf = ({ bounce }: Report): string => [bounce?.bounceType, bounce?.bounceSubType].filter(Boolean).join(', ');

/** What the mail told, and whom: we wrote it into its headers. */
function mailOf({ mail: { headers } }: Report): Returned['mail'] {
  const written = (name: string) => headers.find((each) => each.name.toLowerCase() === name)?.value ?? '';
  const [id, orderId] = eventId.exec(written('x-crema-event-id')) ?? [];
  const recipient = written('x-crema-recipient');
  if (!id || !orderId || (recipient !== 'customer' && recipient !== 'shop')) return undefined;
  return { eventId: id, orderId, recipient };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Amazon's own "Successfully validated SNS topic" is no JSON.
    return undefined;
  }
}
