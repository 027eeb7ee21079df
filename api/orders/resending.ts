import type { DeliveryLedger } from '../../db/deliveries.ts';
import type { EmailSuppressions } from '../../db/email-suppressions.ts';
import type { OrderRepository } from '../../db/orders.ts';
import type { UserRepository } from '../../db/users.ts';
import { emailKindOf } from '../../domain/order/email-kinds.ts';
import type { Fact } from '../../domain/order/order.ts';
import { suppressionReason } from '../../domain/order/suppression-reason.ts';
import type { OrderWorkflows } from './workflows.ts';

interface Dependencies {
  ledger: Pick<DeliveryLedger, 'entry'>;
  orders: Pick<OrderRepository, 'fact'>;
  users: Pick<UserRepository, 'findReader'>;
  suppressions: Pick<EmailSuppressions, 'reasonFor'>;
  workflows: Pick<OrderWorkflows, 'resend'>;
}

export type NotResent = { refused: 'not_found' } | { refused: 'nothing_to_send'; detail: string };

/** Has an email of an order's ledger sent once more. @throws {OutcomeUnknown} */
export type Resend = (orderId: string, deliveryId: string, deadline: number) => Promise<NotResent | undefined>;

export function createResend({ ledger, orders, users, suppressions, workflows }: Dependencies): Resend {
  return async (orderId, deliveryId, deadline) => {
    const entry = await ledger.entry(deliveryId);
    if (entry?.orderId !== orderId) return { refused: 'not_found' };
    if (entry.channel !== 'email') return nothing('Only an email can be sent again.');
    if (entry.outcome === 'retrying') return nothing('The email is still being sent.');
    const fact = await orders.fact(entry.eventId);
    if (!fact) return nothing('The event of this email is no longer stored.');
    const why = entry.recipient === 'customer' ? await whyNotToCustomer(fact) : undefined;
    if (why) return nothing(why);
    await workflows.resend(deliveryId, deadline);
    return undefined;
  };

  async function whyNotToCustomer({ event, order }: Fact): Promise<string | undefined> {
    const reader = await users.findReader(order.customer.id);
    return suppressionReason(reader, emailKindOf(event), reader && (await suppressions.reasonFor(reader.email)));
  }
}

const nothing = (detail: string): NotResent => ({ refused: 'nothing_to_send', detail });
