import { log } from '@temporalio/activity';
import type { Journal } from '../db/journal.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Publishing } from './publish.ts';

/** Returns a function that writes an order's entries to the journal, in order. It throws if Postgres is unavailable. */
export function createWriteEntries({ journal }: { journal: Journal }) {
  return async (entries: JournalEntry[]): Promise<void> => {
    for (const entry of entries) await write(entry);
  };

  async function write(entry: JournalEntry): Promise<void> {
    if (entry.kind !== 'fact') return journal.write(entry);
    const journaled = await journal.record(entry);
    const { id, requestId } = entry.event;
    if (journaled === 'gap') throw new Error(`${id} cannot be journaled: the version before it is missing`);
    log.debug('journaled', { eventId: id, requestId, journaled });
  }
}

export type WriteEntries = ReturnType<typeof createWriteEntries>;

/** Returns the activity that only journals. For orders started by older versions, it also publishes the facts. */
export const createJournaling =
  ({ writeEntries, publishing }: { writeEntries: WriteEntries; publishing: Publishing }) =>
  /** @returns the number of published facts, which precede the unpublished ones */
  async (entries: JournalEntry[], publishes: boolean): Promise<number> => {
    await writeEntries(entries);
    return publishes ? publishing.publishIfAvailable(entries.filter((entry) => entry.kind === 'fact')) : 0;
  };
