import { heartbeat, log } from '@temporalio/activity';
import type { Journal } from '../db/journal.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';

/** Writes what an order's workflow has decided into Postgres: the guarantee behind the read model (design §3). */
export function createJournaling({ journal }: { journal: Journal }) {
  return async (entries: JournalEntry[]): Promise<void> => {
    for (const entry of entries) {
      heartbeat();
      if (entry.kind === 'rejected') await journal.reject(entry);
      else if (entry.kind === 'given_up') await journal.giveUp(entry);
      else if (entry.kind === 'unchanged') await journal.keepKey(entry);
      else {
        const journaled = await journal.record(entry);
        const { id, requestId } = entry.event;
        if (journaled === 'gap') throw new Error(`${id} cannot be journaled: the version before it is not there`);
        log.debug('journaled', { eventId: id, requestId, journaled });
      }
    }
  };
}
