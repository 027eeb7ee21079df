import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Fact, Order } from '../domain/order/order.ts';
import type { CancelMessage, StatusMessage } from '../domain/order/parse-message.ts';

/** The type of the order workflow: the name of its function. */
export const orderWorkflowType = 'order';

/** An order's workflow id: one order, one workflow, for ever. */
export const workflowIdOf = (orderId: string): string => `order-${orderId}`;

/** What a change answers: the fact it made, or the one that its idempotency key made before. */
export type Outcome = Fact & { replayed: boolean };

/** Changes, answered. A refused one throws an `ApplicationFailure` whose type is the refusal's name and whose first detail is the refusal. */
export const changeStatusUpdate = defineUpdate<Outcome, [StatusMessage]>('changeStatus');
export const cancelUpdate = defineUpdate<Outcome, [CancelMessage]>('cancel');

/** The same changes unanswered, for operators. A refused one shows on the timeline. */
export const changeStatusSignal = defineSignal<[StatusMessage]>('changeStatus');
export const cancelSignal = defineSignal<[CancelMessage?]>('cancel');

/** The order as it is now. */
export const getOrderQuery = defineQuery<Order>('getOrder');

/** What operators can filter orders by in the Temporal Web UI. */
export const searchAttributes = {
  status: defineSearchAttributeKey('OrderStatus', SearchAttributeType.KEYWORD),
  number: defineSearchAttributeKey('OrderNumber', SearchAttributeType.INT),
  customerId: defineSearchAttributeKey('CustomerId', SearchAttributeType.KEYWORD),
  total: defineSearchAttributeKey('OrderTotal', SearchAttributeType.DOUBLE),
  location: defineSearchAttributeKey('OrderLocation', SearchAttributeType.KEYWORD),
};
