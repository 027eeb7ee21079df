import { defineUpdate } from '@temporalio/workflow';

/** The baseline: a workflow that does nothing, and an update of it that does nothing. */
export const bareWorkflowType = 'bare';
export const bareTaskQueue = 'bench-bare';
export const touchUpdate = defineUpdate('touch');
