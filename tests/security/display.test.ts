import { submitOnce } from '../accounts/mailbox.ts';
import { openApplication, openUserAgent } from '../auth/user-agent.ts';
import { expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { follow } from '../streams/event-stream.ts';
import { askerOf, operations } from './operations.ts';

let shop: Shop;
let orderId: string;
/** A manager's access token for the display. */
let token: string;

beforeAll(async () => {
  shop = await openShop();
  orderId = (await shop.place()).body.id;
  const client = { client_id: 'crema-display' };
  const agent = openUserAgent(shop.url);
  const application = openApplication(shop.url, `${shop.url}/display`);
  const page = await agent.open(application.authorize(client));
  const { url } = await agent.submit(page, { email: 'manager@example.com', password: 'test' });
  const form = application.exchange(url.searchParams.get('code')!, client);
  token = (await submitOnce(shop, '/oauth/token', form)).body.access_token;
}, 60_000);
afterAll(() => shop?.close());

const allowed = [
  'listOrders',
  'getOrder',
  'getOrderTimeline',
  'getFollowLink',
  'followOrder',
  'followOrders',
  'quoteOrder',
  'buyStreamTicket',
];

test('the token of a display reads orders and follows them', async () => {
  for (const path of ['/v1/orders', `/v1/orders/${orderId}`, `/v1/orders/${orderId}/timeline`]) {
    expect((await shop.request('GET', path, { as: token })).status).toBe(200);
  }
  const { status, body } = await shop.request('POST', '/v1/stream-tickets', { as: token, body: {} });
  expect(status).toBe(201);
  const stream = await follow(shop, `/v1/orders/events?ticket=${body.ticket}`);
  expect((await stream.receives(1))[0]!.event).toBe('snapshot');
  stream.close();
});

test('the token of a display is rejected by every other operation, the user’s own account included', async () => {
  const ask = askerOf({ ...shop, manager: token, customer: token }, orderId);
  const others = operations.filter(
    ({ operationId, path, security }) =>
      path.startsWith('/v1/') && !allowed.includes(operationId) && security.length > 0,
  );
  expect(others.length).toBeGreaterThan(40);
  for (const operation of others) {
    const answer = await ask(operation, operation.example);
    expect({ [operation.name]: answer.status }).toEqual({ [operation.name]: 403 });
    expectProblem(answer, 'forbidden');
  }
});
