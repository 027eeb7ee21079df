import { factsFor, type JournalEntry } from '../domain/order/journal-entry.ts';
import type { Fact } from '../domain/order/order.ts';
import type { Audience } from '../domain/order/recipients.ts';
import type { OrderEmails } from './email/order-emails.ts';
import type { WriteEntries } from './journal.ts';
import type { Publishing } from './publish.ts';

interface Dependencies {
  writeEntries: WriteEntries;
  publishing: Publishing;
  orderEmails: OrderEmails;
}

/** The number of facts that each audience has received. These facts precede the undelivered ones. */
export type Delivered = Partial<Record<Audience, number>>;

/** Returns the activity that journals entries, then makes the first attempts at publishing and emailing their facts (ADR 24). */
export function createAnnounce({ writeEntries, publishing, orderEmails }: Dependencies) {
  const deliver = (facts: Fact[], audience: Audience): Promise<number> =>
    audience === 'redis' ? publishing.publishIfAvailable(facts) : orderEmails.emailIfAvailable(facts, audience);

  /**
   * @param audiences the audiences that have received all earlier facts
   * @throws if the journal cannot be written. A failed delivery is not an error: its fact is not counted
   */
  return async (entries: JournalEntry[], audiences: Audience[]): Promise<Delivered> => {
    await writeEntries(entries);
    const delivered = await Promise.all(
      audiences.map(async (audience) => [audience, await deliver(factsFor(audience, entries), audience)] as const),
    );
    return Object.fromEntries(delivered);
  };
}
