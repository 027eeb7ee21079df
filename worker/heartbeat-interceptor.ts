import { heartbeat } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/**
 * The interval between heartbeats, in ms. It is a third of the shortest heartbeat timeout, which is in
 * workflows/webhook-delivery.ts. Temporal bills heartbeats, and most activities end before the first one.
 */
const HEARTBEAT_MS = 3_000;

/** Sends heartbeats while an activity runs. They report that the worker is alive, and receive cancellations. */
export const heartbeatInterceptor: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next) {
      const timer = setInterval(() => heartbeat(), HEARTBEAT_MS);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  },
});
