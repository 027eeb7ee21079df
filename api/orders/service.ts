import { createChanging } from './changing.ts';
import type { OrderDependencies } from './dependencies.ts';
import { createPlacing } from './placing.ts';
import { createReading } from './reading.ts';

/** Places, changes and reads orders. Refusals are values; exceptions are outages or bugs. */
export type OrderService = ReturnType<typeof createOrderService>;

export function createOrderService(dependencies: OrderDependencies) {
  const reading = createReading(dependencies);
  return { ...createPlacing(dependencies), ...createChanging(dependencies, reading), ...reading };
}
