import { join } from 'node:path';

/**
 * Returns the paths in the folder of a measured run: `v8/` for Node (`NODE_V8_COVERAGE`), `workflows/` for the counts of the
 * sandbox, and the instrumented bundle.
 */
export const runFolder = (root: string) => ({
  v8: join(root, 'v8'),
  workflows: join(root, 'workflows'),
  bundle: join(root, 'workflow-bundle.js'),
});

/** The variable with this folder. Processes without it measure no workflows. */
export const RUN_FOLDER = 'CREMA_COVERAGE';
