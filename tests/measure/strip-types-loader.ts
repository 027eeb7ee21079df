import { stripTypes } from './strip-types.ts';

/** Webpack's loader of `.ts` files in the bundle that counts. Webpack dictates the default export. */
export default stripTypes;
