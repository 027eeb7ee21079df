import { mkdir, writeFile } from 'node:fs/promises';
import { bundleWorkflowCode } from '@temporalio/worker';
import { failureConverterPath } from '../workflows/payloads/data-converter.ts';
import { workflowsPath } from './workflows-path.ts';

// Bundles the workflows once, for workers that start without a bundler: WORKFLOW_BUNDLE=.build/workflow-bundle.js
// For production, so what a workflow says of its failures is encrypted like the rest.
const { code } = await bundleWorkflowCode({ workflowsPath, failureConverterPath });
await mkdir('.build', { recursive: true });
await writeFile('.build/workflow-bundle.js', code);
console.log(`.build/workflow-bundle.js: ${Math.round(code.length / 1024)} KB`);
