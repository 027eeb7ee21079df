import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createHttpServer } from '../../api/http/server.ts';
import { createLogger } from '../../config/logger.ts';
import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';
import { lastDocument, openSocket, sendRaw } from './raw-socket.ts';

let shop: Shop;
let patient: Shop;
beforeAll(async () => {
  [shop, patient] = await Promise.all([
    openShop({ worker: false, environment: { HEADERS_TIMEOUT: '1', REQUEST_TIMEOUT: '2' } }),
    openShop({ worker: false, environment: { MAX_CONNECTIONS: '40' } }),
  ]);
}, 60_000);
afterAll(() => Promise.all([shop?.close(), patient?.close()]));

test.each([
  [60, 30],
  [10, 5],
])('uses the shorter timeout: %d s for headers, %d s for the request', (headersTimeout, requestTimeout) => {
  const options = { maxConnections: 1, headers: {}, logger: createLogger('test', 'silent') };
  const { server } = createHttpServer(() => undefined, { headersTimeout, requestTimeout, ...options });
  expect([server.headersTimeout, server.requestTimeout]).toEqual([requestTimeout * 1_000, requestTimeout * 1_000]);
});

const waitOptions = { deadline: 20_000, every: 50 };

const slowly = {
  headers: 'GET /v1/catalog HTTP/1.1\r\nHost: shop\r\n',
  body: () =>
    `POST /v1/orders HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer ${shop.customer}\r\n` +
    'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
};

/** Opens connections that send a start of a request, and then single bytes at intervals. */
async function dawdle(count: number, start: string): Promise<{ sockets: Socket[]; stop(): void }> {
  const sockets = Array.from({ length: count }, () => openSocket(shop));
  for (const socket of sockets) socket.on('error', () => undefined).resume();
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.write(start);
  const trickle = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('x');
  }, 300);
  const stop = () => {
    clearInterval(trickle);
    for (const socket of sockets) socket.destroy();
  };
  return { sockets, stop };
}

test('serves other clients while 500 are slow, and times the slow ones out', async () => {
  const [inHeaders, inBodies] = await Promise.all([dawdle(250, slowly.headers), dawdle(250, slowly.body())]);
  try {
    for (let round = 0; round < 5; round += 1) {
      expect((await shop.place()).status).toBe(201);
      expect((await shop.request('GET', '/v1/catalog')).status).toBe(200);
    }
    const all = [...inHeaders.sockets, ...inBodies.sockets];
    await waitFor('The slow connections to close', () => all.every(({ closed }) => closed), waitOptions);
    expect((await shop.place()).status).toBe(201);
  } finally {
    inHeaders.stop();
    inBodies.stop();
  }
}, 60_000);

test.each([
  ['its headers', () => slowly.headers],
  ['its body', slowly.body],
])(
  'answers a client that does not finish %s with 408 and closes the connection',
  async (_, start) => {
    const before = (await shop.request('GET', '/v1/orders?limit=100', { as: shop.customer })).body.data.length;
    const talk = await sendRaw(shop, start());
    expect([talk.statuses, talk.closed]).toEqual([[408], true]);
    expect(lastDocument(talk)).toMatchObject({ status: 408, code: 'request_timeout' });
    const after = (await shop.request('GET', '/v1/orders?limit=100', { as: shop.customer })).body.data.length;
    expect(after).toBe(before);
  },
  30_000,
);

test('serves the next request after a client disconnects within a request', async () => {
  const { sockets, stop } = await dawdle(1, slowly.body());
  stop();
  await once(sockets[0]!, 'close');
  expect((await shop.place()).status).toBe(201);
});

test('closes connections beyond the maximum, and later accepts new ones', async () => {
  const sockets = Array.from({ length: 60 }, () =>
    openSocket(patient)
      .on('error', () => undefined)
      .resume(),
  );
  try {
    await waitFor(
      'The surplus connections to close',
      () => sockets.filter(({ closed }) => closed).length >= 20,
      waitOptions,
    );
    expect(sockets.filter(({ closed }) => !closed).length).toBeGreaterThan(0);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await waitFor(
    'A free connection',
    async () => (await patient.request('GET', '/v1/catalog')).status === 200,
    waitOptions,
  );
}, 60_000);
