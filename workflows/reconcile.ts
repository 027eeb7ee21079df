import { continueAsNew, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { Cursor, Finding, PageResult } from '../activities/reconcile-orders.ts';
import { RECONCILE_RETRY } from './retry-policies.ts';

// A page may take minutes, in steps that each have their own timeout. Heartbeats detect a dead worker earlier.
const { reconcile: reconcilePage, forget } = proxyActivities<Activities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '15s',
  retry: RECONCILE_RETRY,
});

/** The totals so far. */
interface Found {
  /** Users who were erased again after a restore. */
  erased: number;
  compared: number;
  repaired: number;
  /** Orders that an operator must check. */
  toLookAt: number;
  /** The first findings. The worker's log has all of them. */
  findings: Finding[];
}

/** The state of a reconciliation that continues as new. */
interface Progress {
  cursor?: Cursor;
  found?: Found;
  /** The number of orders that one activity compares, and that a retry compares again. */
  size?: number;
}

/** The maximum number of findings in the result. */
const MAX_FINDINGS = 100;

/** The number of pages in one run. It is limited, so that histories stay short. */
const PAGES_PER_RUN = 20;

/** Repeats the erasures that a restore undid, then corrects the read model page by page. A schedule starts it. */
export async function reconcile({ cursor, found = noFindings, size = 100 }: Progress = {}): Promise<Found> {
  if (!cursor) found = { ...found, erased: await forget.executeWithOptions({ summary: 'repeat erasures' }, []) };
  for (let pages = 0; pages < PAGES_PER_RUN; pages += 1) {
    const summary = cursor ? `after ${found.compared} orders` : 'from the first order';
    const page = await reconcilePage.executeWithOptions({ summary }, [{ cursor, size }]);
    found = add(found, page);
    setCurrentDetails(`${found.compared} compared, ${found.repaired} repaired, ${found.toLookAt} to look at`);
    if (!page.next) return found;
    cursor = page.next;
  }
  return continueAsNew<typeof reconcile>({ cursor, found, size });
}

const noFindings: Found = { erased: 0, compared: 0, repaired: 0, toLookAt: 0, findings: [] };

const add = (found: Found, { compared, findings }: PageResult): Found => ({
  ...found,
  compared: found.compared + compared,
  repaired: found.repaired + findings.filter(({ repaired }) => repaired > 0).length,
  toLookAt: found.toLookAt + findings.filter(({ why }) => why).length,
  findings: [...found.findings, ...findings].slice(0, MAX_FINDINGS),
});
