import { fileURLToPath } from 'node:url';

/** The path of the workflows' code, which workers without a prebuilt bundle need. */
export const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
