import type { EmailKind } from './email-kinds.ts';

/** How a mail that was sent may turn out after all: its address takes none, or its reader calls it spam. */
export type ReturnedAs = 'bounced' | 'complained';

/** What is known of the customer whom a mail is for, if there is still one. */
interface Reader {
  /** What they want no mail of. */
  unwanted: readonly EmailKind[];
}

/** Of an address. */
export const whyReturned: Record<ReturnedAs, string> = {
  bounced: 'The address takes no mail: one came back for good.',
  complained: 'Somebody at the address has called our mail spam.',
};

/**
 * Why the customer gets no mail of an event, in one sentence, if they get none.
 *
 * @param kind none for the receipt, which everybody gets
 * @param returned what became of earlier mail to their address
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
