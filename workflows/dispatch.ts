import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import { type Alarm, createAlarm } from './alarm.ts';
import { announce, announceToBoth, type Channel, writeDown } from './channels.ts';
import type { OrderRunOptions } from './messages/definitions.ts';
import type { OrderBook } from './order-book.ts';

/**
 * Does what an order's book asks for: writes everything down, tells each audience, sets the alarm clock. Ends when the order
 * is final and all is told, or when it must go on in a new run: then nothing is under way, and nothing lost.
 *
 * One loop starts everything, and only when all is in that a workflow task has brought: then commands come in the same order
 * however much it brings together, which may be more after a worker has died than in a replay of the same order (ADR 9).
 *
 * @param ways how it goes about it
 * @param mustGoOn whether the history gets too long
 */
export async function dispatch(book: OrderBook, ways: OrderRunOptions, mustGoOn: () => boolean): Promise<void> {
  const alarm = createAlarm(book);
  do {
    await workToRest(book, ways, alarm, mustGoOn);
    // What came while an email was cut short may be more than a new run can be given: then this one delivers some more of it.
  } while (!hasEnded(book) && !mustGoOn());
}

const hasEnded = (book: OrderBook): boolean => book.final && book.told && allHandlersFinished();

/** Starts what is due until it must stop, and then brings to rest what is under way. */
async function workToRest(
  book: OrderBook,
  ways: OrderRunOptions,
  alarm: Alarm,
  mustGoOn: () => boolean,
): Promise<void> {
  const [writing, announcing] = [new CancellationScope(), new CancellationScope()];
  const journaling = writeDown(book, writing);
  const redis = announce(book, 'redis', announcing);
  const emails = (['customer', 'shop'] as const).map((recipient) => announce(book, recipient, announcing));
  const announcers = [redis, ...(ways.firstEmails ? [announceToBoth(book, emails, announcing)] : []), ...emails];
  const channels = [journaling, ...announcers];

  for (;;) {
    await condition(() => hasEnded(book) || mustGoOn() || alarm.isWrong() || channels.some((each) => each.isDue()));
    await allIsIn();
    if (hasEnded(book) || mustGoOn()) break;
    alarm.set();
    for (const channel of channels) if (channel.isDue()) start(channel);
  }
  if (hasEnded(book)) return;

  // What happens meanwhile is still written down: an email that is cut short takes a while to hear of it.
  announcing.cancel();
  const told = () => !announcers.some(({ busy }) => busy);
  while (!told()) {
    await condition(() => told() || journaling.isDue());
    await allIsIn();
    if (journaling.isDue()) start(journaling);
  }
  writing.cancel();
  await condition(() => !journaling.busy && allHandlersFinished());
  await allIsIn();
}

/** Waits for whatever else the present workflow task has brought: conditions are tried after each part, and after all of it. */
async function allIsIn(): Promise<void> {
  let triedBefore = false;
  await condition(() => {
    const last = triedBefore;
    triedBefore = true;
    return last;
  });
}

function start(channel: Channel): void {
  channel.busy = true;
  // Nobody waits for it: whatever it throws is a bug, and fails the workflow's task as it should.
  void channel.deliver().finally(() => {
    channel.busy = false;
  });
}
