import { mkdir, writeFile } from 'node:fs/promises';
import { bundleWorkflowCode } from '@temporalio/worker';
import { workflowsPath } from './workflows-path.ts';

// Bundles the workflows once, for workers that start without a bundler: WORKFLOW_BUNDLE=.build/workflow-bundle.js
const { code } = await bundleWorkflowCode({ workflowsPath });
await mkdir('.build', { recursive: true });
await writeFile('.build/workflow-bundle.js', code);
console.log(`.build/workflow-bundle.js: ${Math.round(code.length / 1024)} KB`);
