import { allHandlersFinished, CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import { AlertTimer } from './alert-timer.ts';
import { type Channel, deliveryChannel, firstEmailsChannel, journalChannel } from './channels.ts';
import type { OrderRunOptions } from './messages/definitions.ts';
import type { OrderState } from './order-state.ts';

/**
 * Journals, publishes and emails an order's events, and raises its alerts. Returns when the order is done, or when it must
 * continue as new: then no activity runs, and the outbox contains what is left.
 *
 * One loop starts everything, and only after it has received the whole workflow task. The order of commands then does not
 * depend on how many events a task brings together, which differs between a first execution and a replay (ADR 9).
 */
export async function dispatch(state: OrderState, runOptions: OrderRunOptions): Promise<void> {
  const alertTimer = new AlertTimer(state);
  do {
    await runUntilDrained(state, runOptions, alertTimer);
    // Events that arrived while activities were being cancelled may be too large for a new run: then deliver more of them first.
  } while (!isFinished(state) && !mustContinueAsNew(state, runOptions));
}

const isFinished = (state: OrderState): boolean => state.isDone && allHandlersFinished();

/** Starts what is due until the order is finished or must continue as new, then lets all activities end. */
async function runUntilDrained(state: OrderState, runOptions: OrderRunOptions, alertTimer: AlertTimer): Promise<void> {
  const [journaling, delivering] = [new CancellationScope(), new CancellationScope()];
  const { outbox } = state;
  const journal = journalChannel(outbox, journaling);
  const redis = deliveryChannel(outbox, 'redis', delivering);
  const emails = (['customer', 'shop'] as const).map((recipient) => deliveryChannel(outbox, recipient, delivering));
  const firstEmails = runOptions.firstEmails ? [firstEmailsChannel(outbox, emails, delivering)] : [];
  const deliveries = [redis, ...firstEmails, ...emails];
  const channels = [journal, ...deliveries];
  const mustStop = () => isFinished(state) || mustContinueAsNew(state, runOptions);

  for (;;) {
    await condition(() => mustStop() || alertTimer.isDue() || channels.some((channel) => channel.isDue()));
    await wholeTask();
    if (mustStop()) break;
    if (alertTimer.isDue()) alertTimer.update();
    for (const channel of channels) if (channel.isDue()) start(channel);
  }
  if (isFinished(state)) return;

  // An email takes a while to stop. Events are journaled meanwhile.
  delivering.cancel();
  const areStopped = () => !deliveries.some(({ busy }) => busy);
  while (!areStopped()) {
    await condition(() => areStopped() || journal.isDue());
    await wholeTask();
    if (journal.isDue()) start(journal);
  }
  journaling.cancel();
  await condition(() => !journal.busy && allHandlersFinished());
  await wholeTask();
}

/** Waits until the workflow has received the rest of the task: conditions are checked after each part, and again at its end. */
async function wholeTask(): Promise<void> {
  let isSecondCheck = false;
  await condition(() => {
    const isLast = isSecondCheck;
    isSecondCheck = true;
    return isLast;
  });
}

function start(channel: Channel): void {
  channel.busy = true;
  // Not awaited: an error here is a bug and fails the workflow task.
  void channel.deliver().finally(() => {
    channel.busy = false;
  });
}

/** The history length from which an order continues as new although it must give up deliveries. */
const MAX_HISTORY_EVENTS = 8_000;

function mustContinueAsNew({ outbox }: OrderState, { events }: OrderRunOptions): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  // Journal entries are never given up.
  if (historyLength > MAX_HISTORY_EVENTS) return outbox.fits('journal');
  return (continueAsNewSuggested || historyLength > events) && outbox.fits('journal', 'redis', 'customer', 'shop');
}
