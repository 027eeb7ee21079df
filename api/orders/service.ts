import { type ChangingDependencies, createChanging } from './changing.ts';
import { createPlacing, type PlacingDependencies } from './placing.ts';
import { createReading, type ReadingDependencies } from './reading.ts';

/** Places, changes and reads orders. Refusals are values; exceptions are outages or bugs. */
export type OrderService = ReturnType<typeof createOrderService>;

export function createOrderService(dependencies: PlacingDependencies & ChangingDependencies & ReadingDependencies) {
  const reading = createReading(dependencies);
  return { ...createPlacing(dependencies), ...createChanging(dependencies, reading), ...reading };
}
