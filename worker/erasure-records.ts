import type { Client } from '@temporalio/client';
import type { ErasureRecords } from '../activities/erase.ts';
import type { Erasure } from '../domain/account/errand.ts';
import { erasureWorkflowType } from '../workflows/messages/accounts.ts';

/** Reads from Temporal who was erased. */
export function createErasureRecords({ workflow }: Client): ErasureRecords {
  return {
    async *list() {
      for await (const { memo } of workflow.list({ query: `WorkflowType = '${erasureWorkflowType}'` })) {
        yield memo as unknown as Erasure;
      }
    },
  };
}
