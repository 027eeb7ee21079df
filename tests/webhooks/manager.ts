import { waitFor } from '../../stack/wait.ts';
import type { Answer, Shop } from '../shop.ts';

/** Manages a shop's webhooks over HTTP, as a manager. */
export function webhooksOf(shop: () => Shop) {
  const ask = (method: string, path = '', body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    shop().request(method, `/v1/webhooks${path}`, {
      as: shop().manager,
      headers,
      ...(body !== undefined && { body }),
    });

  async function register(url: string, fields: object = {}): Promise<{ id: string; secret: string; version: number }> {
    const { status, body } = await ask('POST', '', { url, ...fields });
    if (status !== 201) throw new Error(`${url} was not registered: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  const deliveries = async (id: string, query = '') => (await ask('GET', `/${id}/deliveries${query}`)).body.data;

  /** Waits until the newest delivery has this outcome and returns it. */
  async function settled(id: string, outcome: string) {
    const newest = async () => (await deliveries(id))[0];
    await waitFor(`A delivery that is ${outcome}`, async () => (await newest())?.outcome === outcome, {
      deadline: 25_000,
    });
    return newest();
  }

  return { ask, register, deliveries, settled, read: async (id: string) => (await ask('GET', `/${id}`)).body };
}
