import { defineUpdate } from '@temporalio/workflow';

/** The baseline: a workflow and an update that do nothing. */
export const bareWorkflowType = 'bare';
export const bareTaskQueue = 'bench-bare';
export const touchUpdate = defineUpdate('touch');
