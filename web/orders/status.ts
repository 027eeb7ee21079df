import type { OrderStatus } from '../client/index.ts';

/** The statuses in which the shop still has something to do, in their order. */
export const openStatuses: OrderStatus[] = ['waiting', 'preparation', 'ready'];

export const isOpen = (status: OrderStatus): boolean => openStatuses.includes(status);
