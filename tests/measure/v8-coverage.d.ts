declare module '@bcoe/v8-coverage' {
  import type { Profiler } from 'node:inspector';

  /** Adds up several measurements of one script; undefined if there are none. */
  export function mergeScriptCovs(scripts: Profiler.ScriptCoverage[]): Profiler.ScriptCoverage | undefined;
}
