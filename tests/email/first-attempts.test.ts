import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { createOrderEmails, MAX_FIRST_ATTEMPTS } from '../../activities/email/order-emails.ts';
import { placeOrder } from '../../domain/order/decider.ts';
import { aPlacement } from '../domain/an-order.ts';

const fact = placeOrder(aPlacement());

/** Creates the emails of orders with these attempts at sending, in an activity. */
function setUp(attempts: (() => Promise<void>)[], isUnavailable = () => false) {
  const cancellation = new AbortController();
  let count = 0;
  const { emailIfAvailable } = createOrderEmails({
    ledger: { find: async () => undefined, record: async () => {} } as never,
    orders: {} as never,
    mailer: { isUnavailable },
    async sendOrderEmail() {
      await attempts[count++]?.();
      return { outcome: 'sent', messageId: '<an-id>' };
    },
    unansweredPauseMs: 0,
    scheduleResend: async () => {},
  });
  const log = { info() {}, warn() {} };
  const activity = { cancellationSignal: cancellation.signal, log } as unknown as Context;
  return {
    cancellation,
    attempts: () => count,
    email: (times = 1) => asyncLocalStorage.run(activity, () => emailIfAvailable(Array(times).fill(fact), 'customer')),
  };
}

const fails = () => Promise.reject(new Error('Email was not sent'));
const succeeds = () => Promise.resolve();

describe('first attempts at emails', () => {
  test('stop after a failed attempt and count the emails before it', async () => {
    const { email, attempts } = setUp([succeeds, succeeds, fails, succeeds]);
    expect(await email(4)).toBe(2);
    expect(attempts()).toBe(3);
  });

  test('are skipped while the mail server is unavailable', async () => {
    let isUnavailable = true;
    const { email, attempts } = setUp([], () => isUnavailable);
    expect([await email(), attempts()]).toEqual([0, 0]);
    isUnavailable = false;
    expect([await email(), attempts()]).toEqual([1, 1]);
  });

  test('are skipped after a cancellation', async () => {
    const { email, attempts, cancellation } = setUp([]);
    cancellation.abort();
    expect([await email(), attempts()]).toEqual([0, 0]);
  });

  test('are limited, so that they do not occupy all activity slots', async () => {
    const stalled = Promise.withResolvers<void>();
    const { email } = setUp(Array(MAX_FIRST_ATTEMPTS).fill(() => stalled.promise));
    const first = Array.from({ length: MAX_FIRST_ATTEMPTS }, () => email());

    expect(await email()).toBe(0);

    stalled.resolve();
    expect(await Promise.all(first)).toEqual(Array(MAX_FIRST_ATTEMPTS).fill(1));
    expect(await email()).toBe(1);
  });
});
