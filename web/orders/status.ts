import type { OrderStatus, TargetStatus } from '../client/index.ts';

/** The statuses in which the shop still has something to do, in their order. */
export const openStatuses = ['waiting', 'preparation', 'ready'] as const satisfies OrderStatus[];
export type OpenStatus = (typeof openStatuses)[number];

export const isOpen = (status: OrderStatus): status is OpenStatus => openStatuses.some((open) => open === status);

/** What staff may do with an order: move it forward or back, or cancel it. */
interface Steps {
  forward: TargetStatus;
  back?: TargetStatus;
  mayCancel: boolean;
}

export const stepsFrom: Record<OpenStatus, Steps> = {
  waiting: { forward: 'preparation', mayCancel: true },
  preparation: { forward: 'ready', back: 'waiting', mayCancel: true },
  ready: { forward: 'delivered', mayCancel: false },
};
