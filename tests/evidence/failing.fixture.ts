import { createServer } from 'node:http';
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
