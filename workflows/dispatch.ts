import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import { AlertTimer } from './alert-timer.ts';
import { type Channel, type Channels, createChannels, type Scopes } from './channels.ts';
import { mustContinueAsNew } from './continue-as-new.ts';
import type { OrderRunOptions } from './messages/definitions.ts';
import { createOlderChannels } from './older-channels.ts';
import type { OrderState } from './order-state.ts';

/**
 * Journals, publishes and emails an order's events, and raises its alerts. Returns when the order is finished or must continue
 * as new. In the second case, all activities have ended and the outbox contains the remaining entries. In the first case, an
 * activity may still repeat what another one has done.
 *
 * One loop starts all channels and timers, after all events of a workflow task have been handled. The order of commands
 * therefore does not depend on which events share a task, because a replay can divide events into other tasks (ADR 9).
 */
export async function dispatch(state: OrderState, runOptions: OrderRunOptions): Promise<void> {
  const alertTimer = new AlertTimer(state);
  const isFinished = () => state.isDone && allHandlersFinished();
  const mustReturn = () => isFinished() || mustContinueAsNew(state.outbox, runOptions);
  do {
    const scopes = { emailing: new CancellationScope(), recording: new CancellationScope() };
    const channels = runOptions.announces
      ? createChannels(state.outbox, scopes)
      : createOlderChannels(state.outbox, scopes, runOptions);
    await runChannels(channels, alertTimer, mustReturn);
    if (isFinished()) return;
    await stopChannels(channels, scopes);
    // Events that arrived meanwhile may be too large for the start of a new run. The loop then delivers more events first.
  } while (!mustReturn());
}

/** Starts the activities and the alerts that are due, until the order must return. */
async function runChannels({ all: channels }: Channels, alertTimer: AlertTimer, mustReturn: () => boolean) {
  for (;;) {
    await untilTaskEnd(() => mustReturn() || alertTimer.isDue() || channels.some((channel) => channel.isDue()));
    if (mustReturn()) return;
    if (alertTimer.isDue()) alertTimer.update();
    channels.forEach(startIfDue);
  }
}

/** Cancels the activities that may email, then the others, which continue until these have stopped. */
async function stopChannels({ all, recording }: Channels, scopes: Scopes): Promise<void> {
  const isBusy = ({ busy }: Channel) => busy;
  const isEmailing = () => all.some((channel) => isBusy(channel) && !recording.includes(channel));
  scopes.emailing.cancel();
  while (isEmailing()) {
    await untilTaskEnd(() => !isEmailing() || recording.some((channel) => channel.isDue()));
    recording.forEach(startIfDue);
  }
  scopes.recording.cancel();
  await untilTaskEnd(() => !all.some(isBusy) && allHandlersFinished());
}

/**
 * Waits for a condition, and then for the rest of the workflow task, because the task's later events may change what is due. The
 * SDK checks conditions after each part of a task, and again at the end of the task.
 */
async function untilTaskEnd(isMet: () => boolean): Promise<void> {
  await condition(isMet);
  let checks = 0;
  await condition(() => {
    checks += 1;
    return checks > 1;
  });
}

function startIfDue(channel: Channel): void {
  if (!channel.isDue()) return;
  channel.busy = true;
  // Not awaited, so that other channels start meanwhile. An error here is a bug and fails the workflow task.
  void channel.deliver().finally(() => {
    channel.busy = false;
  });
}
