import { defineSearchAttributeKey, type SearchAttributePair, SearchAttributeType } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { toMajorUnits } from '../../domain/money.ts';
import type { JournalEntry } from '../../domain/order/journal-entry.ts';
import type { Fact, Order, OrderEvent, Placement } from '../../domain/order/order.ts';
import type { Audience } from '../../domain/order/recipients.ts';
import type { UnansweredEmail } from '../../domain/order/unanswered-email.ts';
import type { CancelMessage, EditMessage, StatusMessage } from './parse.ts';

/** The type of the order workflow: the name of its function. */
export const orderWorkflowType = 'order';

/** Emails have a task queue of their own, so that a slow mail server does not delay the journal. */
export const emailTaskQueueOf = (taskQueue: string): string => `${taskQueue}-email`;

/** The type of the workflow that corrects the read model. */
export const reconcileWorkflowType = 'reconcile';

/** The id of the schedule that reconciles a shop. The ids of its workflows begin with it. */
export const reconcileScheduleIdOf = (taskQueue: string): string => `reconcile-${taskQueue}`;

/** The type of the workflow that sends an email again on request. Each delivery has only one such workflow at a time. */
export const resendWorkflowType = 'resend';
export const resendIdOf = (deliveryId: string): string => `resend-${deliveryId}`;

/** The type of the workflow that sends an email again if the mail server did not answer. Each email has only one at a time. */
export const unansweredEmailWorkflowType = 'unansweredEmail';
export const unansweredEmailIdOf = ({ eventId, recipient }: UnansweredEmail): string =>
  `unanswered-email-${eventId}-${recipient}`;

export const workflowIdOf = (orderId: string): string => `order-${orderId}`;

/** The entries to be journaled, published and sent. The queues are separate, so that a slow recipient does not delay the others. */
export type Queues = { journal: JournalEntry[] } & Record<Audience, Fact[]>;

/** The start argument of an order's workflow: its placement and, in a later run, the state of the previous run. */
export type Start = Placement & { carried?: Carried };

/** Options of an order's workflow. They are an argument of the workflow, so that a new option applies to new orders only (ADR 6). */
export interface OrderRunOptions {
  /** The history length from which the order continues as new. */
  events: number;
  /** Whether one activity announces an event: journals, publishes and emails it (ADR 24). Absent on orders started by older versions. */
  announces?: boolean;
  /** Whether one activity makes the first attempt to email both customer and shop. Only on orders started by older versions. */
  firstEmails?: boolean;
  /**
   * The key of the API's signatures. Messages without a valid signature count as those of the operator. Absent on orders started by
   * older versions, which also parse messages less strictly.
   */
  signingKey?: string;
  /** Whether texts are counted in Unicode code points. Absent on orders started by older versions, which count UTF-16 code units. */
  codePoints?: boolean;
  /** Whether names need a visible character by Unicode's rules. Absent on orders started by older versions, which use a pattern. */
  visibleNames?: boolean;
}

interface Carried {
  order: Order;
  since: number;
  rejections: number;
  queues: Queues;
  /** Accepted idempotency keys, oldest first. Their results are in Postgres. */
  keys: [hash: string, fingerprint: string][];
}

/** The result of an update, or of the earlier update with the same idempotency key. */
export interface UpdateResult {
  /** The order after the change; null if an earlier run accepted the key. The API then reads the result from Postgres. */
  order: Order | null;
  /** Null if an edit made no difference. */
  event: OrderEvent | null;
  replayed: boolean;
}

/** A refused update fails with an `ApplicationFailure`. Its type is the refusal's name, its first detail the refusal. */
export const changeStatusUpdate = defineUpdate<UpdateResult, [StatusMessage]>('changeStatus');
export const cancelUpdate = defineUpdate<UpdateResult, [CancelMessage]>('cancel');
export const editUpdate = defineUpdate<UpdateResult, [EditMessage]>('edit');

/** The same changes as signals, for operators. A refused signal appears on the timeline. */
export const changeStatusSignal = defineSignal<[StatusMessage]>('changeStatus');
export const cancelSignal = defineSignal<[CancelMessage?]>('cancel');
export const editSignal = defineSignal<[EditMessage]>('edit');

export const getOrderQuery = defineQuery<Order>('getOrder');

/** The search attributes by which operators filter orders in the Temporal Web UI. */
export const searchAttributes = {
  status: defineSearchAttributeKey('OrderStatus', SearchAttributeType.KEYWORD),
  number: defineSearchAttributeKey('OrderNumber', SearchAttributeType.INT),
  customerId: defineSearchAttributeKey('CustomerId', SearchAttributeType.KEYWORD),
  total: defineSearchAttributeKey('OrderTotal', SearchAttributeType.DOUBLE),
  location: defineSearchAttributeKey('OrderLocation', SearchAttributeType.KEYWORD),
};

export const searchAttributesOf = ({ status, number, customer, total, location }: Order): SearchAttributePair[] => [
  { key: searchAttributes.status, value: status },
  { key: searchAttributes.number, value: number },
  ...(customer.id === null ? [] : [{ key: searchAttributes.customerId, value: customer.id }]),
  { key: searchAttributes.total, value: toMajorUnits(total) },
  { key: searchAttributes.location, value: location },
];
