import { stripTypes } from './strip-types.ts';

/** Webpack's loader of `.ts` files in the instrumented bundle. */
export default stripTypes;
