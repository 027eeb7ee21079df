import { z } from 'zod';
import type { DeliveryLedger, Returned } from '../../db/deliveries.ts';
import type { EmailSuppressions } from '../../db/email-suppressions.ts';
import type { ReturnedAs } from '../../domain/order/suppression-reason.ts';

const header = z.object({ name: z.string(), value: z.string() });

/** A report of Amazon SES: a notification of an identity, or an event of a configuration set. */
const report = z.object({
  notificationType: z.string().optional(),
  eventType: z.string().optional(),
  mail: z.object({
    messageId: z.string(),
    destination: z.array(z.string()),
    /** Present if "include original headers" is on. */
    headers: z.array(header).default([]),
  }),
  bounce: z.object({ bounceType: z.string(), bounceSubType: z.string().default('') }).optional(),
  complaint: z.object({ complaintFeedbackType: z.string().nullish() }).optional(),
});
type Report = z.output<typeof report>;

/** The id of an order event, `<orderId>:<version>` or `<orderId>:<version>:<alert>`. The ledger has no other emails. */
const eventId = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):\d+(:[a-z]+)?$/;

interface Dependencies {
  ledger: Pick<DeliveryLedger, 'recordReturned'>;
  suppressions: Pick<EmailSuppressions, 'add'>;
}

/**
 * Records a report of Amazon SES. After a permanent bounce or a complaint, the address gets no more email. Amazon itself
 * retries after a transient bounce.
 *
 * @param text the message of a notification, JSON
 */
export function createReturnedEmail({ ledger, suppressions }: Dependencies) {
  return async (text: string): Promise<void> => {
    const { data } = report.safeParse(parseJson(text));
    const as = data && returnedAs(data);
    if (!as) return;
    const { messageId, destination } = data.mail;
    // Each email has one recipient. The bounced address may be one that the recipient forwards to.
    for (const address of destination) await suppressions.add(address, as);
    const detail = as === 'bounced' ? `Amazon SES: ${kindOf(data)}` : 'Amazon SES: reported as spam';
    await ledger.recordReturned({ messageId, email: emailOf(data), as, at: new Date(), detail });
  };
}

function returnedAs({ notificationType, eventType, bounce, complaint }: Report): ReturnedAs | undefined {
  const type = notificationType ?? eventType;
  if (type === 'Bounce' && bounce?.bounceType === 'Permanent') return 'bounced';
  // `not-spam` reports withdraw a complaint.
  return type === 'Complaint' && complaint?.complaintFeedbackType !== 'not-spam' ? 'complained' : undefined;
}

const kindOf = ({ bounce }: Report): string => [bounce?.bounceType, bounce?.bounceSubType].filter(Boolean).join(', ');

/** Reads the event and the recipient from the email's own headers. */
function emailOf({ mail: { headers } }: Report): Returned['email'] {
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
    // Amazon's message "Successfully validated SNS topic" is not JSON.
    return undefined;
  }
}
