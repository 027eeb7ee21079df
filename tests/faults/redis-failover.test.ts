import { Redis } from 'ioredis';
import { startRedis } from '../../stack/redis/server.ts';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';
import { makeDataFolder } from '../evidence/keep-on-failure.ts';
import { type Relay, startRelay } from '../relay.ts';
import { openShop, type Shop } from '../shop.ts';
import { expectIntact } from './aftermath.ts';

/** Two servers, and a relay to one of them. */
const folders = [makeDataFolder('redis-a'), makeDataFolder('redis-b')];
let servers: Service[] = [];
let relay: Relay;
let shop: Shop;
let [a, b]: Redis[] = [];

beforeAll(async () => {
  servers = await Promise.all(folders.map(({ path }) => startRedis({ dataDir: path })));
  [a, b] = servers.map(({ url }) => new Redis(url));
  await b!.replicaof('127.0.0.1', portOf(servers[0]!));
  relay = await startRelay(portOf(servers[0]!));
  shop = await openShop({
    environment: { REDIS_URL: `redis://127.0.0.1:${relay.port}`, RATE_LIMITS: 'on', RATE_LIMIT_USER: '10000/60' },
  });
}, 90_000);
afterAll(async () => {
  await shop?.close();
  await relay?.close();
  a?.disconnect();
  b?.disconnect();
  await Promise.all(servers.map((server) => server.stop()));
  for (const folder of folders) folder.remove();
}, 60_000);

const portOf = ({ url }: Service) => Number(new URL(url).port);

/** The next attempt of a failed delivery may be up to 15 s later. */
const waitOptions = { deadline: 30_000, every: 100 };

const redisIs = (state: 'up' | 'down') =>
  waitFor(
    `Redis, ${state} for the worker`,
    async () => {
      const health = await (await fetch(`${shop.worker!.url}/health/ready`)).json();
      return (health as { parts: { redis: string } }).parts.redis === state;
    },
    waitOptions,
  );

async function placedOrder(): Promise<string> {
  const { status, body } = await shop.place();
  expect(status).toBe(201);
  return body.id;
}

const isPublishedOn = async (redis: Redis, orderId: string) =>
  (await redis.xrange('orders:events', '-', '+')).some(([, [, event]]) => event?.includes(orderId));

const published = (redis: Redis, orderId: string) =>
  waitFor('The message', () => isPublishedOn(redis, orderId), waitOptions);

const clientsOf = async (redis: Redis) =>
  [...String(await redis.client('LIST')).matchAll(/ name=(crema-\S+)/g)].map(([, name]) => name);

const allClientsOn = (redis: Redis) =>
  waitFor('All connections', async () => new Set(await clientsOf(redis)).size === 5, waitOptions);

test('reconnects all clients and loses no event when two Redis servers swap roles', async () => {
  await published(a!, await placedOrder());
  await redisIs('up');

  await a!.replicaof('127.0.0.1', portOf(servers[1]!));
  await b!.replicaof('NO', 'ONE');
  const between = await placedOrder();
  await redisIs('down');

  relay.leadTo(portOf(servers[1]!));
  await redisIs('up');
  await published(b!, between);
  await published(b!, await placedOrder());
  await allClientsOn(b!);
  expect(await clientsOf(a!)).toEqual([]);
  await expectIntact(shop, between);
}, 90_000);

test('moves all clients to the new address of a Redis that stopped answering', async () => {
  await a!.replicaof('NO', 'ONE');
  relay.fallSilent();
  relay.leadTo(portOf(servers[0]!));
  const id = await placedOrder();

  await allClientsOn(a!);
  await redisIs('up');
  await published(a!, id);
  await expectIntact(shop, id);

  relay.leadTo(portOf(servers[1]!));
  relay.end();
  await allClientsOn(b!);
}, 90_000);

const refusals = {
  'has too few replicas': ['min-replicas-to-write', '3', '0'],
  'has no memory left': ['maxmemory', '1', '0'],
} as const;

test.each(Object.entries(refusals))(
  'reports a Redis that %s, and resumes publishing afterwards',
  async (_, [setting, refusing, usual]) => {
    await b!.config('SET', setting, refusing);
    const id = await placedOrder();
    await redisIs('down');
    expect(await isPublishedOn(b!, id)).toBe(false);

    await b!.config('SET', setting, usual);
    await redisIs('up');
    await published(b!, id);
    await expectIntact(shop, id);
  },
  60_000,
);
