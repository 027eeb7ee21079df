import { heartbeat, log } from '@temporalio/activity';
import type { Journal } from '../db/journal.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Publishing } from './publish.ts';

/**
 * Writes what an order's workflow has decided into Postgres: the guarantee behind the read model (design §3). What is
 * written can be told, so that one activity does both as long as Redis answers.
 */
export function createJournaling({ journal, publishing }: { journal: Journal; publishing: Publishing }) {
  /** @returns how many facts, from the first, are published as well */
  return async (entries: JournalEntry[], inPassing: boolean): Promise<number> => {
    for (const entry of entries) {
      heartbeat();
      await write(entry);
    }
    return inPassing ? publishing.publishInPassing(entries.filter((entry) => entry.kind === 'fact')) : 0;
  };

  async function write(entry: JournalEntry): Promise<void> {
    if (entry.kind !== 'fact') return journal.write(entry);
    const journaled = await journal.record(entry);
    const { id, requestId } = entry.event;
    if (journaled === 'gap') throw new Error(`${id} cannot be journaled: the version before it is not there`);
    log.debug('journaled', { eventId: id, requestId, journaled });
  }
}
