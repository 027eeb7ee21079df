import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WorkflowCoverage } from '@temporalio/nyc-test-coverage';
import { type BundleOptions, bundleWorkflowCode } from '@temporalio/worker';

type WebpackHook = NonNullable<BundleOptions['webpackConfigHook']>;

/**
 * Bundles the workflows with Istanbul's counters in them. Done once a run: each worker process loads the result, see
 * `measureWorkflows`.
 *
 * @param workflowsPath the bundle's entry
 * @param file where the bundle goes
 */
export async function writeInstrumentedBundle(workflowsPath: string, file: string): Promise<void> {
  // The package does nothing unless Istanbul seems to be at work in this process.
  Object.assign(globalThis, { __coverage__: {} });
  const options = new WorkflowCoverage().augmentBundleOptions({ workflowsPath, webpackConfigHook: keepPositions });
  const silent = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, log() {} };
  const interceptor = fileURLToPath(import.meta.resolve('./workflow-interceptor.ts'));
  const { code } = await bundleWorkflowCode({ ...options, workflowInterceptorModules: [interceptor], logger: silent });
  writeFileSync(file, code);
}

/**
 * Strips types where the SDK would compile to ES2017 with swc: positions stay the source's, and no `??` becomes a branch
 * that nobody wrote.
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
