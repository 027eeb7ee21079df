import { fileURLToPath } from 'node:url';

/** The path of the workflows' code. */
const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/**
 * The bundler's options for the workflows' code. The workflows of a thread share their modules, so that a workflow starts without
 * evaluating its own copies. A module must therefore have no state, except caches of pure functions (ADR 25).
 */
export const workflowCode = { workflowsPath, preloadModules: [workflowsPath] };
