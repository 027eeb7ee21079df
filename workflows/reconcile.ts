import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';

const { reconcile: run } = proxyActivities<Activities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout: '1m',
  retry: { initialInterval: '10s', backoffCoefficient: 2, maximumInterval: '5m', maximumAttempts: 5 },
});

/** Mends the read model; a schedule starts it. Its result says what it found, for whoever opens it in the Temporal Web UI. */
export const reconcile = (): ReturnType<Activities['reconcile']> =>
  run.executeWithOptions({ summary: 'all orders' }, []);
