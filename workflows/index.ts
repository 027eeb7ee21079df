/** Everything the worker bundles: the workflows, by type. */
export { order } from './order.ts';
export { reconcile } from './reconcile.ts';
