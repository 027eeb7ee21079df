import { stripTypes } from './strip-types.ts';

/** Jest's transform of `.ts` files: what Node runs, to the column. */
export default { process: (source: string) => ({ code: stripTypes(source) }) };
