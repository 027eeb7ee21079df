import type { Client } from '@temporalio/client';
import type { ErasureRecords } from '../activities/erase.ts';
import type { Erasure } from '../domain/account/account-request.ts';
import { erasureWorkflowType } from '../workflows/messages/accounts.ts';

/** Reads the erasures of the shop that uses this task queue from Temporal. */
export function createErasureRecords({ workflow }: Client, taskQueue: string): ErasureRecords {
  const query = `WorkflowType = '${erasureWorkflowType}' AND TaskQueue = '${taskQueue}'`;
  return {
    async *list() {
      for await (const { memo } of workflow.list({ query })) {
        yield memo as unknown as Erasure;
      }
    },
  };
}
