import { hash, timingSafeEqual } from 'node:crypto';
import { collectDefaultMetrics, Registry } from '@prometheus-io/client';

export type { Registry };

/**
 * Returns a process's Prometheus metrics, which include Node's: CPU, memory, event loop, garbage collection, open files.
 * Labels must not contain ids or personal data, because Prometheus creates a time series for each value of a label.
 */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/**
 * Returns a function that checks the `Authorization` header of a request for metrics. Without METRICS_TOKEN, the function accepts
 * every request. In production, the result is then undefined, so that metrics are not served.
 */
export function readersOfMetrics({
  NODE_ENV,
  METRICS_TOKEN: token,
}: {
  NODE_ENV: string;
  METRICS_TOKEN?: string | undefined;
}): ((authorization?: string) => boolean) | undefined {
  if (!token) return NODE_ENV === 'production' ? undefined : () => true;
  // Compares hashes, because `timingSafeEqual` requires equal lengths.
  const digestOf = (text: string) => hash('sha256', text, 'buffer');
  const expected = digestOf(token);
  return (authorization = '') => {
    const [, sent = ''] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    return timingSafeEqual(digestOf(sent), expected);
  };
}
