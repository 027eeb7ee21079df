import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BundleOptions, bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowCode } from '../worker/workflow-code.ts';

/** The workflows of this version, bundled once for all test files. */
export const sharedBundle = () => ({ codePath: process.env.WORKFLOW_BUNDLE as string });

/** Writes a bundle of the workflows, so that workers start without a bundler. Returns its file, for `WORKFLOW_BUNDLE`. */
export async function writeWorkflowBundle(folder: string, options: Partial<BundleOptions> = {}): Promise<string> {
  const { code } = await bundleWorkflowCode({ ...workflowCode, logger: new DefaultLogger('WARN'), ...options });
  const file = join(folder, 'workflow-bundle.js');
  writeFileSync(file, code);
  return file;
}
