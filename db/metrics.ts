import { Counter, Gauge, type Registry } from '@prometheus-io/client';
import type { Database } from './connection.ts';
import type { Journal } from './journal.ts';

/** Exports the state of a connection pool. */
export function measurePool(registry: Registry, { client: { pool } }: Database): void {
  const registers = [registry];
  new Gauge({
    name: 'crema_postgres_connections',
    help: 'Connections in the Postgres pool, by state: used or idle.',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'used' }, pool.numUsed());
      this.set({ state: 'idle' }, pool.numFree());
    },
  });
  new Gauge({
    name: 'crema_postgres_connections_max',
    help: 'Maximum size of the Postgres connection pool.',
    registers,
    collect() {
      this.set(pool.max);
    },
  });
  new Gauge({
    name: 'crema_postgres_waiting',
    help: 'Queries waiting for a connection from the Postgres pool.',
    registers,
    collect() {
      this.set(pool.numPendingAcquires());
    },
  });
}

/** Counts each order event once, in the process that records it. */
export function countEvents(registry: Registry, journal: Journal): Journal {
  const events = new Counter({
    name: 'crema_order_events_total',
    help: 'Recorded order events, by event type and the status of the order after the event.',
    labelNames: ['type', 'status'],
    registers: [registry],
  });
  return {
    ...journal,
    async record(fact) {
      const journaled = await journal.record(fact);
      if (journaled === 'applied') events.inc({ type: fact.event.type, status: fact.event.to });
      return journaled;
    },
  };
}
