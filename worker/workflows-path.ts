import { fileURLToPath } from 'node:url';

/** Where the workflows' code is read from when there is no bundle. */
export const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
