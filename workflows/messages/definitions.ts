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

/** Emails have a task queue of their own, so that a mail server that hangs keeps no worker from the read model. */
export const emailTaskQueueOf = (taskQueue: string): string => `${taskQueue}-email`;

/** The type of the workflow that mends the read model. */
export const reconcileWorkflowType = 'reconcile';

/** The schedule that starts it, and the prefix of the ids of what it starts: one for each shop of a namespace. */
export const reconcileScheduleIdOf = (taskQueue: string): string => `reconcile-${taskQueue}`;

/** The type of the workflow that sends one mail once more; a delivery has one at a time. */
export const resendWorkflowType = 'resend';
export const resendIdOf = (deliveryId: string): string => `resend-${deliveryId}`;

/** The type of the workflow that sends an unanswered email once more; an email has one at a time. */
export const unansweredEmailWorkflowType = 'unansweredEmail';
export const unansweredEmailIdOf = ({ eventId, recipient }: UnansweredEmail): string =>
  `unanswered-email-${eventId}-${recipient}`;

/** An order's workflow id: one order, one workflow, for ever. */
export const workflowIdOf = (orderId: string): string => `order-${orderId}`;

/** What has yet to be written down or told of an order: one queue each, so that a slow one delays no other. */
export type Queues = { journal: JournalEntry[] } & Record<Audience, Fact[]>;

/** What an order's workflow starts from: its placement and, in a later run, where the one before it stopped. */
export type Start = Placement & { carried?: Carried };

/** How an order's workflow works. Its start says so: what changes here is for new orders (ADR 6). */
export interface OrderRunOptions {
  /** How many events the history of a run may have before the order goes on in a new one. */
  events: number;
  /** Whether one activity makes the first try at what customer and shop are mailed alike, instead of one for each (ADR 15). */
  firstEmails?: boolean;
  /**
   * Authenticates the API's messages; all others count as the operator's. Absent on orders from before there was one, which also
   * read messages less strictly.
   */
  signingKey?: string;
  /** Whether texts in messages are checked by the API's own rules; absent on orders from before that, which count UTF-16 code units. */
  codePoints?: boolean;
  /** Whether names in messages need a visible character of Unicode; absent on orders from before that, which ask a pattern alone. */
  visibleNames?: boolean;
}

interface Carried {
  order: Order;
  since: number;
  rejections: number;
  queues: Queues;
  /** Idempotency keys that were accepted, oldest first: hash and fingerprint. Their answers are in Postgres. */
  keys: [hash: string, fingerprint: string][];
}

/** What a change answers: what it did, or what its idempotency key did before. */
export interface UpdateResult {
  /** As of this change; `null` for a replay that goes so far back that only the journal remembers. */
  order: Order | null;
  /** `null` where an edit made no difference. */
  event: OrderEvent | null;
  replayed: boolean;
}

/** Changes, answered. A refused one throws an `ApplicationFailure` whose type is the refusal's name and whose first detail is the refusal. */
export const changeStatusUpdate = defineUpdate<UpdateResult, [StatusMessage]>('changeStatus');
export const cancelUpdate = defineUpdate<UpdateResult, [CancelMessage]>('cancel');
export const editUpdate = defineUpdate<UpdateResult, [EditMessage]>('edit');

/** The same changes unanswered, for operators. A refused one shows on the timeline. */
export const changeStatusSignal = defineSignal<[StatusMessage]>('changeStatus');
export const cancelSignal = defineSignal<[CancelMessage?]>('cancel');
export const editSignal = defineSignal<[EditMessage]>('edit');

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

/** What operators find an order by, as of now. */
export const searchAttributesOf = ({ status, number, customer, total, location }: Order): SearchAttributePair[] => [
  { key: searchAttributes.status, value: status } as SearchAttributePair,
  { key: searchAttributes.number, value: number } as SearchAttributePair,
  { key: searchAttributes.customerId, value: customer.id } as SearchAttributePair,
  { key: searchAttributes.total, value: toMajorUnits(total) } as SearchAttributePair,
  { key: searchAttributes.location, value: location } as SearchAttributePair,
];
