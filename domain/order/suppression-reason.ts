import { channelOf } from './channel.ts';
import type { EmailKind } from './email-kinds.ts';
import type { Order } from './order.ts';

/** What happened to a sent email: it bounced permanently, or was reported as spam. */
export type ReturnedAs = 'bounced' | 'complained';

interface Reader {
  /** The kinds of email that the customer has turned off. */
  unwanted: readonly EmailKind[];
  /** What happened to earlier emails to the customer's address. */
  returned: ReturnedAs | null;
}

/** The sentences on the timeline about returned emails. */
export const whyReturned: Record<ReturnedAs, string> = {
  bounced: 'An earlier email to this address bounced.',
  complained: 'The recipient reported an earlier email as spam.',
};

/**
 * Returns why a customer gets no email about an event, in one sentence; undefined if the email is sent.
 *
 * @param reader the customer; undefined for a counter order, or after erasure
 * @param kind the kind of the email; undefined for the receipt
 */
export function suppressionReason(
  order: Pick<Order, 'customer'>,
  reader: Reader | undefined,
  kind: EmailKind | undefined,
): string | undefined {
  if (channelOf(order) === 'counter')
    return 'The order was placed at the counter, so the customer has no email address.';
  if (!reader) return 'The customer has deleted the account.';
  if (reader.returned) return whyReturned[reader.returned];
  return kind && reader.unwanted.includes(kind) ? 'The customer has turned off emails of this kind.' : undefined;
}
