import { recipientsOf } from '../../../domain/order/recipients.ts';
import type { FaultRecord } from '../driver.ts';
import type { Evidence, LedgerRow } from '../evidence.ts';
import type { Mail } from '../mail-catcher.ts';
import { emailDoubled, emailMissing, type Found, other, stuck } from './violation.ts';

/** 4. Every recipient of an event gets one email, or the ledger has the reason. A copy is allowed only if a fault explains it. */
export function* emailsSentOnce({
  events,
  ledger,
  mails,
  addresses,
  ordersEmail,
  faultRecords,
}: Evidence): Generator<Found> {
  const arrived = Map.groupBy(mails, ({ eventId, to }) => `${eventId} ${to}`);
  const written = new Map(ledger.map((row) => [`${row.event_id} ${row.channel} ${row.recipient}`, row]));
  const due = new Set<string>();
  for (const { id, event, snapshot } of events) {
    const published = written.get(`${id} redis orders`)?.outcome ?? '';
    if (!['sent', 'given_up'].includes(published)) yield stuck(`${id} is not published`);
    for (const recipient of recipientsOf(event)) {
      const isGuest = recipient === 'customer' && snapshot.customer.id === null;
      const delivery = `${id} ${recipient === 'shop' ? ordersEmail : addresses.get(snapshot.customer.id ?? '')}`;
      if (!isGuest) due.add(delivery);
      const entry = written.get(`${id} email ${recipient}`);
      const copies = (arrived.get(delivery) ?? []).toSorted((one, another) => one.startedAt - another.startedAt);
      const what = `the mail about ${id} to the ${recipient}`;
      if (!entry || entry.outcome === 'retrying') yield emailMissing(`the ledger does not say what became of ${what}`);
      else if (entry.outcome === 'sent' && copies.length === 0) yield emailMissing(`${what} never arrived`);
      else if (isGuest && entry.outcome !== 'suppressed') yield other(`${what} at the counter is ${entry.outcome}`);
      for (const why of unneededCopies(copies, entry, faultRecords)) yield emailDoubled(`${what} came again, ${why}`);
    }
  }
  for (const delivery of arrived.keys()) if (!due.has(delivery)) yield other(`an email without an event: ${delivery}`);
}

/** The parts whose faults may interrupt a send, and the recording of its result. */
const MAILING = ['worker', 'smtp', 'postgres', 'temporal'];
const WRITING = ['worker', 'postgres'];

/** How long after its start a statement may take effect, in ms. Crema waits 5 s, but a frozen Postgres may run it even later. */
const UNDER_WAY_MS = 6_000;

const touches = ({ parts }: FaultRecord, which: string[]): boolean => parts.some((part) => which.includes(part));

/** Yields a reason for each copy that should not exist: the copy before it was recorded, or no fault explains the copy. */
function* unneededCopies(copies: Mail[], entry: LedgerRow | undefined, faultRecords: FaultRecord[]): Generator<string> {
  const during = (from: number, to: number) =>
    faultRecords.filter(({ startedAt, endedAt }) => startedAt <= to && endedAt >= from);
  for (const [index, { startedAt }] of copies.entries()) {
    const before = copies[index - 1];
    if (!before) continue;
    const between = during(before.startedAt, startedAt);
    const writtenAt = entry?.at.getTime() ?? Number.POSITIVE_INFINITY;
    const inDoubt = during(writtenAt, writtenAt + UNDER_WAY_MS).some((strike) => touches(strike, WRITING));
    // The recorded time is wrong if a clock was moved, so it must not be compared.
    const timeless = between.some(({ kind }) => kind === 'moved clock');
    if (writtenAt < startedAt && !inDoubt && !timeless) yield 'after it was recorded';
    else if (!between.some((strike) => touches(strike, MAILING) && strike.kind !== 'slow mail server'))
      yield 'without a fault';
  }
}
