import { hash, timingSafeEqual } from 'node:crypto';
import { collectDefaultMetrics, Registry } from '@prometheus-io/client';

export type { Registry };

/**
 * The numbers of one process for Prometheus. At first those that Node knows: CPU, memory, event loop, garbage collection,
 * open files. Whoever adds some keeps ids and people out of labels: each value of a label is a series that stays.
 */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/**
 * Who may read a process's metrics, by the request's `Authorization`: whoever has the token. Without one, anyone in
 * development and nobody in production: then there is no such page.
 */
export function readersOfMetrics({
  NODE_ENV,
  METRICS_TOKEN: token,
}: {
  NODE_ENV: string;
  METRICS_TOKEN?: string | undefined;
}): ((authorization?: string) => boolean) | undefined {
  if (!token) return NODE_ENV === 'production' ? undefined : () => true;
  // Of one length, and compared in one time, whatever was sent.
  const digestOf = (text: string) => hash('sha256', text, 'buffer');
  const expected = digestOf(token);
  return (authorization = '') => {
    const [, sent = ''] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    return timingSafeEqual(digestOf(sent), expected);
  };
}
