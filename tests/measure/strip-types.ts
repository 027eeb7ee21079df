import { stripTypeScriptTypes } from 'node:module';

/**
 * Replaces the types of a TypeScript source by spaces, as Node does, so that lines and columns stay the same. Coverage of all
 * processes can therefore be added up by position, without source maps.
 */
export function stripTypes(source: string): string {
  return stripTypeScriptTypes(source);
}
