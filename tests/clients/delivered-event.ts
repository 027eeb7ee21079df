import { signIn } from '../sign-in.ts';
import { startReceiver } from '../webhooks/receiver.ts';

/** Places an order in a new shop. @returns the body that a webhook receives: the event `order.placed` */
export async function deliveredEvent(shop: string): Promise<string> {
  const send = async (path: string, body: object, token = '') => {
    const response = await fetch(shop + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    if (response.status !== 201) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  };
  const receiver = await startReceiver();
  try {
    await send(
      '/v1/webhooks',
      { url: receiver.url, events: ['order.placed'] },
      await signIn(shop, 'manager@example.com'),
    );
    const menu = await fetch(`${shop}/v1/catalog`, { signal: AbortSignal.timeout(30_000) });
    const { data } = (await menu.json()) as { data: { id: string; name: string }[] };
    const latte = data.find(({ name }) => name === 'Latte');
    await send(
      '/v1/orders',
      { lines: [{ productId: latte?.id, quantity: 1 }] },
      await signIn(shop, 'customer@example.com'),
    );
    const [received] = await receiver.waitForRequests(1);
    return received?.body as string;
  } finally {
    await receiver.close();
  }
}
