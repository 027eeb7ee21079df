import { createServer } from 'node:http';
import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';

// Run by evidence.test.ts, not by `make test`.

let shop: Shop;
beforeAll(async () => {
  // Without a worker, the order's first workflow task stays pending.
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop.close());

test('fails while an order is open', async () => {
  const { body } = await shop.place();
  // The evidence contains the workflows that Temporal lists, which it does a moment after they start.
  const query = `TaskQueue = '${shop.taskQueue}'`;
  const { workflow } = shop.temporal;
  await waitFor('The listed order', async () => (await workflow.count(query)).count > 0, { deadline: 20_000 });
  expect(body.status).toBe('delivered');
});

test('fails with a long message and leaves a server open', () => {
  createServer().listen(0, '127.0.0.1');
  expect(Array.from({ length: 50 }, (_, index) => index)).toEqual([]);
});

test('fails by its timeout', () => new Promise(() => {}), 500);

describe('a block', () => {
  beforeAll(() => {
    throw new Error('The milk is sour.');
  });

  test.each(['one', 'two'])('fails with its hook: %s', () => {});
});
