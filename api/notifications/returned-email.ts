import { z } from 'zod';
import type { DeliveryLedger, Returned } from '../../db/deliveries.ts';
import type { EmailSuppressions } from '../../db/email-suppressions.ts';
import type { ReturnedAs } from '../../domain/order/suppression-reason.ts';

const header = z.object({ name: z.string(), value: z.string() });

/** A report of Amazon SES, either a notification (with `notificationType`) or an event (with `eventType`). */
const report = z.object({
  notificationType: z.string().optional(),
  eventType: z.string().optional(),
  mail: z.object({
    messageId: z.string(),
    destination: z.array(z.string()),
    /** Present if "include original headers" is on in Amazon SES. */
    headers: z.array(header).default([]),
  }),
  bounce: z.object({ bounceType: z.string(), bounceSubType: z.string().default('') }).optional(),
  complaint: z.object({ complaintFeedbackType: z.string().nullish() }).optional(),
});
type Report = z.output<typeof report>;

/** `<orderId>:<version>` or `<orderId>:<version>:<alert>`, the id of an order event. The ledger has only emails about these. */
const eventId = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):\d+(:[a-z]+)?$/;

interface Dependencies {
  ledger: Pick<DeliveryLedger, 'recordReturned'>;
  suppressions: Pick<EmailSuppressions, 'add'>;
}

/**
 * Returns a function that records a report of Amazon SES. After a permanent bounce or a complaint, the address gets no more
 * email. A transient bounce is ignored, because Amazon itself retries. The function expects the report as JSON.
 */
export function createReturnedEmail({ ledger, suppressions }: Dependencies) {
  return async (text: string): Promise<void> => {
    const { data } = report.safeParse(parseJson(text));
    const as = data && returnedAs(data);
    if (!as) return;
    const { messageId, destination } = data.mail;
    // Suppresses the email's only recipient, not the address that bounced: the recipient may forward email to that address.
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

/** Returns the order event and the recipient that the email's own headers name; undefined if they name no order event. */
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
    // After the setup, Amazon sends "Successfully validated SNS topic", which is not JSON.
    return undefined;
  }
}
