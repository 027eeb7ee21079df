import { continueAsNew, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import { RECONCILE_RETRY } from './retry-policies.ts';

// A heartbeat is due after every step, each with a deadline of its own.
const { reconcile: reconcilePage, forget } = proxyActivities<Activities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '15s',
  retry: RECONCILE_RETRY,
});

type Page = Awaited<ReturnType<Activities['reconcile']>>;

/** What has been found so far. */
interface Found {
  /** People who had asked to be forgotten and were known again. */
  erased: number;
  compared: number;
  repaired: number;
  /** Orders that somebody has to look at. */
  toLookAt: number;
  /** The first of them, and of the repaired ones; all are in the worker's log. */
  findings: Page['findings'];
}

/** Where to go on; at the beginning, where nothing is said. */
interface Progress {
  cursor?: Page['next'];
  found?: Found;
  /** How many orders one activity compares, which is what a retry repeats. */
  size?: number;
}

/** Most findings that the result names: bounds what is carried and shown. */
const NAMED = 100;

/** After so many pages it goes on in a new run, with a short history. */
const PAGES = 20;

/** Forgets who was forgotten before a restore, then mends the read model, page by page; a schedule starts it. Its result is for whoever opens it in the Temporal Web UI. */
export async function reconcile({ cursor, found = nothing, size = 100 }: Progress = {}): Promise<Found> {
  if (!cursor) found = { ...found, erased: await forget.executeWithOptions({ summary: 'who asked for it' }, []) };
  for (let pages = 0; pages < PAGES; pages += 1) {
    const summary = cursor ? `after ${found.compared} orders` : 'from the first order on';
    const page = await reconcilePage.executeWithOptions({ summary }, [{ cursor, size }]);
    found = add(found, page);
    setCurrentDetails(`${found.compared} compared, ${found.repaired} repaired, ${found.toLookAt} to look at`);
    if (!page.next) return found;
    cursor = page.next;
  }
  return continueAsNew<typeof reconcile>({ cursor, found, size });
}

const nothing: Found = { erased: 0, compared: 0, repaired: 0, toLookAt: 0, findings: [] };

const add = (found: Found, { compared, findings }: Page): Found => ({
  ...found,
  compared: found.compared + compared,
  repaired: found.repaired + findings.filter(({ repaired }) => repaired > 0).length,
  toLookAt: found.toLookAt + findings.filter(({ why }) => why).length,
  findings: [...found.findings, ...findings].slice(0, NAMED),
});
