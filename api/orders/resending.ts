import type { DeliveryLedger } from '../../db/deliveries.ts';
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
  workflows: Pick<OrderWorkflows, 'resend'>;
}

type ResendRefusal = { refused: 'not_found' } | { refused: 'nothing_to_send'; detail: string };

export function createResend({ ledger, orders, users, workflows }: Dependencies) {
  /** Sends an email of an order again, or returns why not. @throws {OutcomeUnknownError} */
  return async (orderId: string, deliveryId: string, deadline: number): Promise<ResendRefusal | undefined> => {
    const entry = await ledger.entry(deliveryId);
    if (entry?.orderId !== orderId) return { refused: 'not_found' };
    if (entry.channel !== 'email') return nothingToSend('Only an email can be sent again.');
    if (entry.outcome === 'retrying') return nothingToSend('The email is still being sent.');
    const fact = await orders.fact(entry.eventId);
    if (!fact) return nothingToSend('The event of this email is no longer stored.');
    const suppressed = entry.recipient === 'customer' ? await customerSuppression(fact) : undefined;
    if (suppressed) return nothingToSend(suppressed);
    await workflows.resend(deliveryId, deadline);
    return undefined;
  };

  async function customerSuppression({ event, order }: Fact): Promise<string | undefined> {
    const reader = await users.findReader(order.customer.id);
    return suppressionReason(order, reader, emailKindOf(event));
  }
}

export type Resend = ReturnType<typeof createResend>;

const nothingToSend = (detail: string): ResendRefusal => ({ refused: 'nothing_to_send', detail });
