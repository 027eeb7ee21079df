import { mkdir, writeFile } from 'node:fs/promises';
import { bundleWorkflowCode } from '@temporalio/worker';
import { failureConverterPath } from '../workflows/payloads/data-converter.ts';
import { workflowCode } from './workflow-code.ts';

// Bundles the workflows for production: workers with WORKFLOW_BUNDLE=.build/workflow-bundle.js start without a bundler. It
// always contains the converter of failures, which a worker's own bundle contains only with PAYLOAD_KEYS.
const { code } = await bundleWorkflowCode({ ...workflowCode, failureConverterPath });
await mkdir('.build', { recursive: true });
await writeFile('.build/workflow-bundle.js', code);
console.log(`.build/workflow-bundle.js: ${Math.round(code.length / 1024)} KB`);
