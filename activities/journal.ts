import { heartbeat, log } from '@temporalio/activity';
import type { Journal } from '../db/journal.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Publishing } from './publish.ts';

/** Returns the activity that writes an order's entries to the journal, then publishes its facts to Redis (ADR 7). */
export function createJournaling({ journal, publishing }: { journal: Journal; publishing: Publishing }) {
  /** @returns the number of published facts, which precede the unpublished ones */
  return async (entries: JournalEntry[], publishes: boolean): Promise<number> => {
    for (const entry of entries) {
      heartbeat();
      await write(entry);
    }
    return publishes ? publishing.publishIfAvailable(entries.filter((entry) => entry.kind === 'fact')) : 0;
  };

  async function write(entry: JournalEntry): Promise<void> {
    if (entry.kind !== 'fact') return journal.write(entry);
    const journaled = await journal.record(entry);
    const { id, requestId } = entry.event;
    if (journaled === 'gap') throw new Error(`${id} cannot be journaled: the version before it is missing`);
    log.debug('journaled', { eventId: id, requestId, journaled });
  }
}
