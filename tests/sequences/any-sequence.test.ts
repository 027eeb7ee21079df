import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { oatId } from '../../api/docs/examples.ts';
import { type Channel, channelOf } from '../../domain/order/channel.ts';
import type { Order } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { allowedFrom, type Who } from '../domain/status-table.ts';
import { newCustomer } from '../http/people.ts';
import { expectAddedUp, expectAllIntact } from '../races/intact.ts';
import { type Answer, openShop, type RequestOptions, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';
import { type Command, command, type Sender, type Wish } from './commands.ts';

let shop: Shop;
let tokens: Record<Sender, string | undefined>;
const products: Record<Wish['product'], Record<string, unknown>> = {} as never;
const prices: Record<Wish['product'], number> = {
  Tea: 300,
  Latte: 400,
  'Oat Latte': 460,
  'Sold out': 100,
  'Oat Tea': 360,
};

beforeAll(async () => {
  shop = await openShop();
  tokens = {
    owner: shop.customer,
    manager: shop.manager,
    stranger: (await newCustomer(shop)).token,
    anonymous: undefined,
  };
  const body = { name: 'Sold out', basePrice: usd(100), available: false };
  const created = await shop.request('POST', '/v1/products', { as: shop.manager, body });
  products['Sold out'] = { productId: created.body.id };
  const options = [{ optionId: oatId }];
  for (const name of ['Tea', 'Latte'] as const) {
    products[name] = { productId: (await shop.line(name)).productId };
    products[`Oat ${name}`] = { ...products[name], options, note: 'Hot' };
  }
}, 60_000);
afterAll(() => shop.close());

const whoIs: Record<Sender, Who> = {
  owner: 'owner',
  stranger: 'another customer',
  manager: 'manager',
  anonymous: 'another customer',
};

/** The expected answer: a status, the code of a refusal and the version of a success. */
type Expected = { status: number; codes: string[] } | { status: 200 | 201; order: Model; replayed: boolean };

/** The expected state of an order, never changed in place. */
interface Model {
  id: string;
  /** The channel `counter` for the orders that the manager places. */
  channel: Channel;
  /** The guest's name; of an online order, undefined. */
  name: string | null | undefined;
  status: Status;
  version: number;
  note: string | null;
  lines: { id: string | undefined; price: number; quantity: number }[];
}

/** A request that was accepted under a key. */
interface Bound {
  fingerprint: string;
  answer: Answer;
  ask(): Promise<{ answer: Answer }>;
}

const refused = (status: number, ...codes: string[]): Expected => ({ status, codes });
/** The tea has no options. */
const impossible = (wishes: Wish[]) => wishes.some(({ product }) => product === 'Oat Tea');
const unavailable = (wishes: Wish[]) => wishes.some(({ product }) => product === 'Sold out');
const linesOf = (wishes: Wish[]) =>
  wishes.map(({ product, quantity }) => ({ id: undefined, price: prices[product], quantity }));
const totalOf = ({ lines }: Pick<Model, 'lines'>) =>
  lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0);

test('any sequence of commands keeps orders consistent and idempotency keys valid', async () => {
  const ids: string[] = [];
  const shifts: ReturnType<typeof openShift>[] = [];
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 4, maxLength: 24, size: 'max' }), async (commands) => {
      const shift = openShift();
      await shift.run({
        do: 'place',
        by: 'owner',
        key: 'a',
        wishes: [{ product: 'Tea', quantity: 2 }],
        expects: undefined,
        name: undefined,
      });
      for (const next of commands) await shift.run(next);
      await shift.expectKeysKept();
      shift.expectKnown(await rowsOf(shift.ids()));
      ids.push(...shift.ids());
      shifts.push(shift);
    }),
    { numRuns: 40, interruptAfterTimeLimit: 90_000 },
  );
  expect(new Set(ids).size).toBe(ids.length);
  const decided = await expectAllIntact(shop, ids);
  for (const shift of shifts) shift.expectKnown(decided);
}, 150_000);

/** A command whose request is valid. */
type Valid = Exclude<Command, { do: 'garbage' }>;

interface Sent {
  method: string;
  path: string;
  options: RequestOptions;
}

/** Sends a request, and repeats it with its key while its outcome is unknown (`doubted`). */
async function send({ method, path, options }: Sent): Promise<{ answer: Answer; doubted: boolean }> {
  const answer = await shop.request(method, path, options);
  if (answer.status !== 503) return { answer, doubted: false };
  const headers = { ...options.headers, 'idempotency-key': answer.headers.get('idempotency-key') as string };
  return { answer: await shop.requestUntilKnown(method, path, { ...options, headers }), doubted: true };
}

/** One run: the expected orders of a sequence, and the keys it has used. */
function openShift() {
  /** Makes the keys of this run unique. */
  const run = randomUUID();
  const orders: Model[] = [];
  const bound = new Map<string, Bound>();

  async function execute(next: Command): Promise<void> {
    if (next.do === 'garbage') return expectNonsense(next);
    const index = next.do === 'place' ? orders.length : next.order % orders.length;
    const request = requestOf(run, next, orders[index]);
    const ask = () => send(request);
    const scope = next.key && `${next.by} ${request.method} ${request.path.toLowerCase()} ${next.key}`;
    const fingerprint = JSON.stringify(request.options.body);
    const known = scope ? bound.get(scope) : undefined;
    const before = await everything();

    const { answer, doubted } = await ask();

    const denied = refusedAccess(next, orders[index]);
    if (denied) {
      expectRefused(answer, denied);
    } else if (known) {
      if (known.fingerprint === fingerprint) expectReplay(answer, known.answer);
      else expectRefused(answer, refused(422, 'idempotency_key_reused'));
    } else {
      const expected = decide(next, orders[index]);
      if ('codes' in expected) expectRefused(answer, expected);
      else {
        if (!doubted) expect(answer.headers.get('idempotency-replayed')).toBeNull();
        orders[index] = taken(answer, expected);
        if (scope) bound.set(scope, { fingerprint, answer, ask });
      }
    }
    if (answer.status >= 400) expect(await everything()).toEqual(before);
  }

  async function expectNonsense({ kind, order, key }: Extract<Command, { do: 'garbage' }>): Promise<void> {
    const { id, channel } = orders[order % orders.length]!;
    const headers: Record<string, string> = key ? { 'idempotency-key': `${run}-${key}` } : {};
    const status = (body: unknown, more: Record<string, string> = {}, at = id) =>
      shop.requestUntilKnown('POST', `/v1/orders/${at}/status`, {
        as: shop.manager,
        body,
        headers: { ...headers, ...more },
      });
    const editor = channel === 'counter' ? shop.manager : shop.customer;
    const edit = (body: unknown) => shop.requestUntilKnown('PATCH', `/v1/orders/${id}`, { as: editor, body, headers });
    const ways: Record<typeof kind, () => Promise<Answer>> = {
      'no JSON': () => status('{"status": '),
      'unknown field': () => status({ status: 'preparation', version: 7 }),
      'unknown status': () => status({ status: 'eaten' }),
      'cancelled as a status': () => status({ status: 'cancelled' }),
      'empty edit': () => edit({}),
      'unknown line': () => edit({ lines: [{ id: randomUUID(), quantity: 1 }] }),
      'no lines': () => shop.place({ body: { lines: [] }, headers }),
      'quantity of zero': () => shop.place({ body: { lines: [{ ...products.Tea, quantity: 0 }] }, headers }),
      'unreadable If-Match': () => status({ status: 'preparation' }, { 'if-match': '3' }),
      'unreadable key': () => status({ status: 'preparation' }, { 'idempotency-key': 'two words' }),
      'unknown order': () => status({ status: 'preparation' }, {}, randomUUID()),
      'invalid id': () => status({ status: 'preparation' }, {}, 'latte'),
    };
    const before = await everything();
    const answer = await ways[kind]();
    // A valid body that only the order refuses is checked after key, version and status.
    const codes = kind === 'unknown line' ? [400, 409, 422] : [kind === 'unknown order' ? 404 : 400];
    expect([kind, codes]).toEqual([kind, expect.arrayContaining([answer.status])]);
    expect(await everything()).toEqual(before);
  }

  return {
    run: execute,
    ids: () => orders.map(({ id }) => id),
    /** Repeats each accepted request with its key at the end, and expects the same answer. */
    async expectKeysKept() {
      for (const { ask, answer } of bound.values()) expectReplay((await ask()).answer, answer);
    },
    expectKnown(found: Map<string, Order>) {
      for (const order of orders) {
        const { status, version, note } = order;
        const known = found.get(order.id)!;
        expect(known).toMatchObject({ status, version, note, total: { amount: totalOf(order) } });
        expect(channelOf(known)).toBe(order.channel);
      }
    },
  };
}

/** @param run makes the keys of a run unique */
function requestOf(run: string, next: Valid, order: Model | undefined): Sent {
  const headers: Record<string, string> = next.key ? { 'idempotency-key': `${run}-${next.key}` } : {};
  const as = tokens[next.by];
  if (next.do === 'place') {
    const total = totalOf({ lines: linesOf(next.wishes) });
    const expectedTotal = next.expects && usd(next.expects === 'right' ? total : total + 1);
    const options = {
      ...(as && { as }),
      body: { lines: wished(next.wishes), expectedTotal, customerName: next.name },
      headers,
    };
    return { method: 'POST', path: '/v1/orders', options };
  }
  const { id, version } = order!;
  const tags = {
    right: `"${version}"`,
    weak: `W/"${version}"`,
    stale: `"${version + 1}"`,
    foreign: '"latte"',
    any: '*',
  };
  if (next.ifMatch) headers['if-match'] = tags[next.ifMatch];
  const path = `/v1/orders/${next.upperCaseId ? id.toUpperCase() : id}`;
  const options = { ...(as && { as }), headers };
  if (next.do === 'move')
    return { method: 'POST', path: `${path}/status`, options: { ...options, body: { status: next.to } } };
  if (next.do === 'cancel') {
    return { method: 'POST', path: `${path}/cancel`, options: { ...options, body: { reasonCode: next.reasonCode } } };
  }
  return { method: 'PATCH', path, options: { ...options, body: editBody(next, order!) } };
}

/** Returns the refusal of a sender who may not send the command. The checks that follow: validity, replay, 412, 409. */
function refusedAccess(next: Valid, order: Model | undefined): Expected | undefined {
  const { do: what, by } = next;
  if (by === 'anonymous') return refused(401, 'unauthenticated');
  if (what === 'place') return by !== 'manager' && next.name ? refused(403, 'forbidden') : undefined;
  if (what === 'move' && by !== 'manager') return refused(403, 'forbidden');
  const isCounter = order!.channel === 'counter';
  if (what === 'edit' && by === 'manager' && !isCounter) return refused(403, 'forbidden');
  return by === 'stranger' || (by === 'owner' && isCounter) ? refused(404, 'not_found') : undefined;
}

/** Returns the answer to a command that is not a replay. */
function decide(next: Valid, order: Model | undefined): Expected {
  if (next.do === 'place') {
    if (unavailable(next.wishes)) return refused(409, 'product_unavailable');
    if (impossible(next.wishes)) return refused(409, 'options_invalid');
    if (next.expects === 'wrong') return refused(409, 'price_changed');
    const placed: Model = {
      id: '',
      ...(next.by === 'manager'
        ? { channel: 'counter', name: next.name ?? null }
        : { channel: 'online', name: undefined }),
      status: 'waiting',
      version: 1,
      note: null,
      lines: linesOf(next.wishes),
    };
    return { status: 201, order: placed, replayed: false };
  }
  const { status, version } = order!;
  if (next.ifMatch === 'stale' || next.ifMatch === 'foreign') return refused(412, 'version_mismatch');
  const then = (change: Partial<Model>): Expected => ({
    status: 200,
    order: { ...order!, version: version + 1, ...change },
    replayed: false,
  });
  if (next.do === 'edit') return decideEdit(next, order!);
  const to = next.do === 'cancel' ? 'cancelled' : next.to;
  return allowedFrom(status, whoIs[next.by]).includes(to) ? then({ status: to }) : refused(409, 'illegal_transition');
}

function decideEdit(next: Extract<Command, { do: 'edit' }>, order: Model): Expected {
  const lost = unavailable(next.add) ? ['product_unavailable'] : impossible(next.add) ? ['options_invalid'] : [];
  if (order.status !== 'waiting') return refused(409, 'illegal_transition', ...lost);
  if (lost.length > 0) return refused(409, ...lost);
  const { lines, note } = editBody(next, order);
  const kept = order.lines.flatMap((line) => {
    const wanted = lines?.find((one) => one.id === line.id);
    return wanted ? [{ ...line, quantity: wanted.quantity }] : [];
  });
  const after = {
    ...order,
    lines: lines ? [...kept, ...linesOf(next.add)] : order.lines,
    note: note === undefined ? order.note : note,
  };
  const same = JSON.stringify(after) === JSON.stringify(order);
  return { status: 200, order: same ? order : { ...after, version: order.version + 1 }, replayed: false };
}

const wished = (wishes: Wish[]) => wishes.map(({ product, quantity }) => ({ ...products[product], quantity }));

/** Keeps the first lines, with these quantities, and adds others. At least one line remains. */
function editBody({ note, keep, add }: Extract<Command, { do: 'edit' }>, { lines }: Model) {
  const kept = (keep ?? []).flatMap((quantity, index) => (lines[index] ? [{ id: lines[index].id, quantity }] : []));
  const wanted: { id?: string | undefined; quantity: number }[] | undefined =
    keep || add.length > 0 ? [...kept, ...wished(add)] : undefined;
  return { lines: wanted, note: wanted || note !== undefined ? note : 'Just so' };
}

async function rowsOf(ids: string[]): Promise<Map<string, Order>> {
  const rows = await shop.database('orders').whereIn('id', ids);
  return new Map(rows.map(({ id, snapshot }) => [id, snapshot]));
}

/** The state that a refusal must not change. */
async function everything(): Promise<unknown> {
  const { rows } = await shop.database.raw(`
    SELECT (SELECT md5(string_agg(snapshot::text, '' ORDER BY id)) FROM orders) AS orders,
           (SELECT count(*) FROM order_events) AS events,
           (SELECT count(*) FROM order_rejections) AS rejections`);
  return rows[0];
}

function expectRefused(answer: Answer, expected: Expected): void {
  if (!('codes' in expected)) throw new TypeError('only refusals have codes');
  expect([answer.status, answer.body.code]).toEqual([expected.status, expect.any(String)]);
  expect(expected.codes).toContain(answer.body.code);
}

function expectReplay(answer: Answer, first: Answer): void {
  expect({ status: answer.status, body: answer.body }).toEqual({ status: first.status, body: first.body });
  expect(answer.headers.get('idempotency-replayed')).toBe('true');
  expect(answer.headers.get('etag')).toBe(first.headers.get('etag'));
}

/** Checks an accepted change and copies the ids that the shop assigned. */
function taken({ status, headers, body }: Answer, expected: Extract<Expected, { order: Model }>): Model {
  const { order } = expected;
  expect({ status, etag: headers.get('etag') }).toEqual({ status: expected.status, etag: `"${order.version}"` });
  expect(body).toMatchObject({
    status: order.status,
    version: order.version,
    channel: order.channel,
    ...(order.name !== undefined && { customer: { id: null, name: order.name } }),
    note: order.note,
    lines: order.lines.map(({ price, quantity }) => ({ unitPrice: usd(price), quantity })),
    total: usd(totalOf(order)),
  });
  expectAddedUp(body);
  const lines = order.lines.map((line, index) => ({ ...line, id: body.lines[index].id }));
  return { ...order, id: body.id, lines };
}
