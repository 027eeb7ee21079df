import type { WorkflowClient } from '@temporalio/client';
import { createCallWithDeadline, OutcomeUnknownError } from '../../api/http/deadline.ts';

test('a call ends at its deadline, although the SDK continues its retries', async () => {
  const client = { withDeadline: (_deadline: number, call: () => Promise<unknown>) => call() } as WorkflowClient;
  const callWithDeadline = createCallWithDeadline(client);
  const retries = () => new Promise<never>(() => {});

  await expect(callWithDeadline(Date.now() + 100, retries)).rejects.toThrow(OutcomeUnknownError);
});
