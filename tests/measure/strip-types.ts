import { stripTypeScriptTypes } from 'node:module';

/**
 * The JavaScript that Node makes of a TypeScript source: types become blanks, so every line and column stays where it
 * is. Jest's transform, the instrumented workflow bundle and the report all use it, and Node itself does the same:
 * hence what any process ran can be added up by position, without source maps.
 */
export function stripTypes(source: string): string {
  return stripTypeScriptTypes(source);
}
