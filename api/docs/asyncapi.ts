import type { z } from 'zod';
import { createDocument } from 'zod-openapi';
import { CATALOG_CHANGED } from '../../domain/catalog/catalog-changed.ts';
import { catalogChangedEvent, orderEvent, orderSnapshot, shopSnapshot } from '../streams/schemas.ts';
import { inCurrency } from './currency.ts';
import { orderId, position } from './examples.ts';
import { type DocumentedShop, forClients } from './openapi.ts';

const ref = (path: string) => ({ $ref: `#/${path}` });

function serversOf(publicUrl: string) {
  const { host, protocol } = new URL(publicUrl);
  return {
    api: {
      host,
      protocol: protocol.replace(':', ''),
      description: 'The API, which serves server-sent events',
    },
    redis: {
      host: 'redis.example:6379',
      protocol: 'redis',
      description: 'For the shop’s own systems. The address is an example: use that of the setting `REDIS_URL`',
    },
  };
}

const parameters = { orderId: { description: 'The id of the order', examples: [orderId] } };

const channels = {
  shop: {
    address: '/v1/orders/events',
    title: 'Events of all orders',
    description:
      'For baristas, managers and services: a snapshot of all open orders, then every event, and `catalog.changed`.',
    servers: [ref('servers/api')],
    messages: {
      snapshot: ref('components/messages/shopSnapshot'),
      event: ref('components/messages/streamedEvent'),
      catalogChanged: ref('components/messages/catalogChanged'),
    },
  },
  order: {
    address: '/v1/orders/{orderId}/events',
    title: 'Events of an order',
    description:
      'For callers that may read the order: a snapshot of it, then every event. The stream ends after the last event of a final order.',
    servers: [ref('servers/api')],
    parameters,
    messages: { snapshot: ref('components/messages/orderSnapshot'), event: ref('components/messages/streamedEvent') },
  },
  published: {
    address: 'orders',
    title: 'Redis pub/sub: all events',
    description:
      'Subscribers miss events while they are disconnected. A gap in the versions of an order shows a missed event.',
    servers: [ref('servers/redis')],
    messages: { event: ref('components/messages/event') },
  },
  publishedOfOrder: {
    address: 'orders:{orderId}',
    title: 'Redis pub/sub: events of one order',
    servers: [ref('servers/redis')],
    parameters,
    messages: { event: ref('components/messages/event') },
  },
  kept: {
    address: 'orders:events',
    title: 'Redis stream: the newest 10,000 events',
    description:
      'For consumer groups. The number of entries is approximate, and entries are lost if Redis loses its data.',
    servers: [ref('servers/redis')],
    messages: { entry: ref('components/messages/entry') },
  },
};

const securitySchemes = {
  api: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token. Browsers send a ticket instead: see `POST /v1/stream-tickets` in openapi.yaml',
  },
  redis: { type: 'userPassword', description: 'The credentials in `REDIS_URL`. None in development' },
};

/** The operations from Crema's side, so all are `send`: Crema sends the messages that clients receive. */
const operations = Object.fromEntries(
  Object.entries(channels).map(([name, { title, messages, address }]) => [
    name,
    {
      action: 'send',
      title,
      channel: ref(`channels/${name}`),
      security: [ref(`components/securitySchemes/${address.startsWith('/') ? 'api' : 'redis'}`)],
      messages: Object.keys(messages).map((message) => ref(`channels/${name}/messages/${message}`)),
    },
  ]),
);

/** Returns the schema of the fields of a server-sent event, except its data. */
const fields = (event: object) => ({
  type: 'object',
  required: ['id', 'event'],
  properties: {
    id: {
      type: 'string',
      description: 'The position of the event. Send the last one as `Last-Event-ID` to resume',
      examples: [position],
    },
    event,
  },
});

const snapshotFields = fields({ const: 'snapshot' });
const schema = (name: string) => ref(`components/schemas/${name}`);

const messages = {
  event: { title: 'An event of an order', payload: schema('OrderEvent') },
  streamedEvent: {
    title: 'An event of an order',
    headers: fields({ type: 'string', description: 'The `type` of the CloudEvent' }),
    payload: schema('OrderEvent'),
  },
  orderSnapshot: { title: 'Snapshot of an order', headers: snapshotFields, payload: schema('OrderSnapshot') },
  shopSnapshot: { title: 'Snapshot of all open orders', headers: snapshotFields, payload: schema('ShopSnapshot') },
  catalogChanged: {
    title: 'The menu has changed',
    headers: { type: 'object', required: ['event'], properties: { event: { const: CATALOG_CHANGED } } },
    payload: schema('CatalogChangedEvent'),
  },
  entry: {
    title: 'An entry of the Redis stream',
    payload: {
      type: 'object',
      required: ['event'],
      properties: {
        event: { type: 'string', contentMediaType: 'application/json', description: 'An `OrderEvent`, as JSON' },
      },
    },
  },
};

const schemas: Record<string, z.ZodType> = {
  CatalogChangedEvent: catalogChangedEvent,
  OrderEvent: orderEvent,
  OrderSnapshot: orderSnapshot,
  ShopSnapshot: shopSnapshot,
};

/** Returns the AsyncAPI 3 document of the event streams and of Redis, generated from the schemas of the API. */
export function describeEvents({ name, currency, publicUrl }: DocumentedShop) {
  const { components } = createDocument(
    { openapi: '3.1.0', info: { title: '', version: '' }, components: { schemas } },
    { override: forClients },
  );
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: `Events of ${name}`,
      version: '1.0.0',
      description:
        'The events of a coffee shop’s orders, which docs/events.md explains. openapi.yaml describes the API itself.',
      license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT.html' },
    },
    defaultContentType: 'application/json',
    servers: serversOf(publicUrl),
    channels,
    operations,
    components: { securitySchemes, messages, schemas: components?.schemas ?? {} },
  };
  return inCurrency(document, currency);
}
