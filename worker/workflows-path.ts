import { fileURLToPath } from 'node:url';

/** The workflows' code, for workers without a bundle. */
export const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
