import type { EmailKind } from './email-kinds.ts';

/** What happened to a sent email: it bounced permanently, or was reported as spam. */
export type ReturnedAs = 'bounced' | 'complained';

interface Reader {
  /** The kinds of email that the customer has turned off. */
  unwanted: readonly EmailKind[];
}

/** Why an address gets no email, as the timeline says it. */
export const whyReturned: Record<ReturnedAs, string> = {
  bounced: 'The address takes no mail: one came back for good.',
  complained: 'Somebody at the address has called our mail spam.',
};

/**
 * Returns why a customer gets no email about an event, in one sentence; undefined if they get it.
 *
 * @param reader undefined after erasure
 * @param kind undefined for the receipt
 * @param returned what happened to earlier emails to the address
 */
export function suppressionReason(
  reader: Reader | undefined,
  kind: EmailKind | undefined,
  returned: ReturnedAs | undefined,
): string | undefined {
  if (!reader) return 'The customer has no account any more.';
  if (returned) return whyReturned[returned];
  return kind && reader.unwanted.includes(kind) ? 'The customer wants no mail of this kind.' : undefined;
}
