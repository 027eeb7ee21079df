import type { Environment } from '../config/environment.ts';

/** What would have a program work on somebody's own services, or with somebody's settings. */
const FOREIGN = new Set([
  ...['DATABASE_URL', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'REDIS_URL', 'SMTP_URL', 'NOTIFICATIONS_ENV'],
  ...['NODE_ENV', 'PUBLIC_URL', 'HOST', 'LOG_LEVEL', 'WORKFLOW_BUNDLE', 'WORKER_DEPLOYMENT', 'WORKER_BUILD_ID'],
  ...['PAYLOAD_KEYS', 'METRICS_TOKEN', 'TEMPORAL_METRICS_PORT', 'CURRENCY', 'SHOP_NAME', 'SHOP_TIME_ZONE'],
]);

/** This process's environment without what it says of a shop, for a shop that is opened to be measured or broken. */
export const ownEnvironment = (): Environment =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.has(name)));
