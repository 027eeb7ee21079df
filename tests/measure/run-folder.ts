import { join } from 'node:path';

/**
 * Where the processes of one measured run leave what they saw: `v8/` is Node's (`NODE_V8_COVERAGE`), `workflows/` holds
 * the sandbox's counts, `workflow-bundle.js` is the bundle that counts.
 */
export const runFolder = (root: string) => ({
  v8: join(root, 'v8'),
  workflows: join(root, 'workflows'),
  bundle: join(root, 'workflow-bundle.js'),
});

/** The variable that names this folder to the processes of a measured run; where it is not set, nothing is measured. */
export const RUN_FOLDER = 'CREMA_COVERAGE';
