import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Fact } from '../domain/order/order.ts';
import { type Audience, audiencesOf, recipientsOf } from '../domain/order/recipients.ts';
import type { Queues } from './messages/definitions.ts';

/** The maximum JSON size of each queue in the start argument of the next run. Temporal limits the whole argument to 2 MB. */
const MAX_CARRIED_SIZE = 400_000;

/** The maximum size of all entries in an activity's input, in characters of JSON. Temporal limits an input to 2 MB. */
const MAX_BATCH_SIZE = 500_000;

/** The entries of an order that are still to be journaled, published or sent, oldest first. */
export class Outbox {
  readonly queues: Queues;
  /** The entries that an activity is announcing now. They are also in the queues. */
  announcing: readonly JournalEntry[] = [];
  /** When that activity was started, in ms since the epoch. */
  announcingSince = 0;
  readonly #orderId: string;
  readonly #announces: boolean;

  /**
   * @param announces whether one activity journals, publishes and emails a fact. If false, the queue for Redis contains only facts
   *   whose publishing failed
   */
  constructor(
    orderId: string,
    announces: boolean,
    queues: Queues = { journal: [], redis: [], customer: [], shop: [] },
  ) {
    this.#orderId = orderId;
    this.#announces = announces;
    this.queues = queues;
  }

  get isEmpty(): boolean {
    return Object.values(this.queues).every((queue) => queue.length === 0);
  }

  /** Adds a fact to the queues of the journal and of its audiences. */
  add(fact: Fact): void {
    this.queues.journal.push({ kind: 'fact', ...fact });
    const audiences = this.#announces ? audiencesOf(fact.event) : recipientsOf(fact.event);
    for (const audience of audiences) this.queues[audience].push(fact);
  }

  /** Drops facts of an audience that are still queued, and journals that they are not delivered. */
  giveUp(audience: Audience, facts: Fact[], error: string): void {
    const queue = this.queues[audience];
    const eventIds = facts.filter((fact) => queue.includes(fact)).map(({ event }) => event.id);
    if (eventIds.length === 0) return;
    removeFrom(queue, facts);
    const at = new Date().toISOString();
    this.queues.journal.push({ kind: 'given_up', orderId: this.#orderId, audience, eventIds, at, error });
  }

  /** Returns whether the next run can take over all entries of these queues. */
  fits(...names: (keyof Queues)[]): boolean {
    return names.every((name) => sizeOfAll(this.queues[name]) <= MAX_CARRIED_SIZE);
  }

  /** Returns the queues for the next run. Gives up the oldest facts of queues that are too large. */
  carry(): Queues {
    for (const audience of ['redis', 'customer', 'shop'] as const) {
      let size = sizeOfAll(this.queues[audience]);
      let count = 0;
      for (const fact of this.queues[audience]) {
        if (size <= MAX_CARRIED_SIZE) break;
        size -= sizeOf(fact);
        count += 1;
      }
      this.giveUp(audience, this.queues[audience].slice(0, count), 'Too many events were waiting for delivery.');
    }
    return this.queues;
  }
}

/** Whether a list contains a fact. Compares ids, because facts of an earlier run have been decoded once for each queue. */
export const includesFact = (entries: readonly (JournalEntry | Fact)[], { event }: Fact): boolean =>
  entries.some((entry) => 'event' in entry && entry.event.id === event.id);

/** Removes entries from a queue, if they are still in it. */
export function removeFrom<Entry>(queue: Entry[], entries: readonly Entry[]): void {
  queue.splice(0, queue.length, ...queue.filter((entry) => !entries.includes(entry)));
}

/** Returns the entries at the front of a queue that fit into the input of one activity, at least one. */
export function nextBatch<Entry extends object>(queue: readonly Entry[], maxEntries: number): Entry[] {
  let size = 0;
  const count = queue.slice(0, maxEntries).findIndex((entry) => {
    size += sizeOf(entry);
    return size > MAX_BATCH_SIZE;
  });
  return queue.slice(0, count < 0 ? maxEntries : Math.max(count, 1));
}

// Sizes are cached, because entries never change and the queues are measured after every event.
const sizes = new WeakMap<object, number>();

function sizeOf(entry: object): number {
  const size = sizes.get(entry) ?? JSON.stringify(entry).length;
  sizes.set(entry, size);
  return size;
}

/** Returns the JSON size of a queue, including the brackets and commas. */
const sizeOfAll = (queue: readonly object[]): number => queue.reduce((sum, entry) => sum + sizeOf(entry) + 1, 1);
