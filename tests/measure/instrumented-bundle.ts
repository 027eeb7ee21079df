import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WorkflowCoverage } from '@temporalio/nyc-test-coverage';
import { type BundleOptions, bundleWorkflowCode } from '@temporalio/worker';

type WebpackHook = NonNullable<BundleOptions['webpackConfigHook']>;

/**
 * Writes a bundle of the workflows with Istanbul's counters. All worker processes of a run load it, see `measureWorkflows`.
 *
 * @param workflowsPath the bundle's entry
 */
export async function writeInstrumentedBundle(workflowsPath: string, file: string): Promise<void> {
  // `WorkflowCoverage` does nothing unless this variable exists.
  Object.assign(globalThis, { __coverage__: {} });
  const options = new WorkflowCoverage().augmentBundleOptions({ workflowsPath, webpackConfigHook: keepPositions });
  const silent = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, log() {} };
  const interceptor = fileURLToPath(import.meta.resolve('./workflow-interceptor.ts'));
  const { code } = await bundleWorkflowCode({ ...options, workflowInterceptorModules: [interceptor], logger: silent });
  writeFileSync(file, code);
}

/**
 * Strips types. The SDK instead compiles to ES2017 with swc, which would change positions and add a branch for each `??`.
 */
const keepPositions: WebpackHook = (config) => {
  const loader = fileURLToPath(import.meta.resolve('./strip-types-loader.ts'));
  const rules = config.module?.rules?.map((rule) =>
    typeof rule === 'object' && rule && String(rule.test) === String(/\.ts$/)
      ? { test: /\.ts$/, exclude: /node_modules/, use: loader }
      : rule,
  );
  return { ...config, module: { ...config.module, ...(rules && { rules }) } };
};
