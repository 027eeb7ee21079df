import { randomUUID } from 'node:crypto';
import { hashPassword } from '../../api/auth/password-hash.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { type Answer, openShop, type RequestOptions, type Shop } from '../shop.ts';
import { expectAllIntact, expectEmailedOnce } from './intact.ts';
import { race, runRounds } from './rounds.ts';

let shop: Shop;
let secondManager: string;
let vanillaLatte: Record<string, unknown>;
beforeAll(async () => {
  shop = await openShop();
  secondManager = await anotherManager();
  vanillaLatte = await shop.line('Latte', 'Vanilla');
}, 60_000);
afterAll(() => shop.close());

async function anotherManager(): Promise<string> {
  const email = 'second@example.com';
  const password = randomUUID();
  const user = { id: randomUUID(), email, name: 'Mia Manager', password_hash: await hashPassword(password) };
  await shop.database('users').insert({ ...user, role: 'manager' });
  return shop.signIn(email, password);
}

/** The number of orders that are raced at a time. */
const CONCURRENCY = 4;

const orderPerSlot = () => Promise.all(Array.from({ length: CONCURRENCY }, placed));

async function placed(): Promise<string> {
  const { status, body } = await ask('POST', '/v1/orders', { as: shop.customer, body: { lines: [vanillaLatte] } });
  expect(status).toBe(201);
  return body.id;
}

const ask = (method: string, path: string, options: RequestOptions) => shop.requestUntilKnown(method, path, options);

const post = (id: string, what: 'status' | 'cancel', options: RequestOptions) =>
  ask('POST', `/v1/orders/${id}/${what}`, options);

const move = (id: string, status: Status) => post(id, 'status', { as: shop.manager, body: { status } });

const edit = (id: string, body: unknown, headers: Record<string, string> = {}) =>
  ask('PATCH', `/v1/orders/${id}`, { as: shop.customer, body, headers });

async function versionOf(id: string): Promise<number> {
  return (await shop.readOrder(id)).body.version;
}

const ifVersion = (version: number) => ({ 'if-match': `"${version}"` });

/** Returns the successful answer and the refused one. Fails unless there is one of each. */
function winnerAndLoser(answers: Answer[]): [Answer, Answer] {
  const [winner, ...others] = answers.toSorted((one, other) => one.status - other.status);
  const loser = others[0]!;
  expect(others).toHaveLength(1);
  expect(winner!.status).toBe(200);
  return [winner!, loser];
}

test('one of two identical concurrent changes succeeds and the other is refused, 200 times', async () => {
  const orders = await orderPerSlot();
  const firsts = { first: 0, second: 0 };
  const versions = new Map(orders.map((id) => [id, 1]));

  await runRounds({ concurrency: CONCURRENCY, rounds: 200 }, async (round, slot) => {
    const id = orders[slot]!;
    const version = versions.get(id)!;
    const status = version % 2 ? 'preparation' : 'waiting';
    const insists = round % 4 === 0;
    const options = { body: { status }, headers: insists ? ifVersion(version) : {} };

    const answers = await race<[Answer, Answer]>(
      () => post(id, 'status', { as: shop.manager, ...options }),
      () => post(id, 'status', { as: secondManager, ...options }),
    );

    const [winner, loser] = winnerAndLoser(answers);
    expect(winner.body).toMatchObject({ status, version: version + 1 });
    const refusal = insists
      ? { status: 412, code: 'version_mismatch', version: version + 1 }
      : { status: 409, code: 'illegal_transition', currentStatus: status, version: version + 1 };
    expect(loser.body).toMatchObject(refusal);
    firsts[winner === answers[0] ? 'first' : 'second'] += 1;
    versions.set(id, version + 1);
  });

  expect(Math.min(...Object.values(firsts))).toBeGreaterThan(0);
  const after = await expectAllIntact(shop, orders);
  for (const id of orders) expect(after.get(id)!.version).toBe(versions.get(id));
  await expectEmailedOnce(shop, orders);
}, 300_000);

test('either a cancellation or a concurrent `ready` succeeds, never both, 200 times', async () => {
  const orders: string[] = [];
  const wins = { cancelled: 0, ready: 0 };
  const outcomes = new Map<string, string>();

  await runRounds({ concurrency: CONCURRENCY, rounds: 200 }, async (round) => {
    const id = await placed();
    orders.push(id);
    expect((await move(id, 'preparation')).status).toBe(200);
    const canceller = round % 2 ? shop.manager : shop.customer;

    const answers = await race<[Answer, Answer]>(
      () => post(id, 'cancel', { as: canceller, body: { reasonCode: 'other' } }),
      () => move(id, 'ready'),
    );

    const [winner, loser] = winnerAndLoser(answers);
    const status = winner === answers[0] ? 'cancelled' : 'ready';
    expect(winner.body).toMatchObject({ status, version: 3 });
    expect(loser.body).toMatchObject({ status: 409, code: 'illegal_transition', currentStatus: status, version: 3 });
    wins[status] += 1;
    outcomes.set(id, status);
  });

  expect(Math.min(wins.cancelled, wins.ready)).toBeGreaterThan(0);
  const after = await expectAllIntact(shop, orders);
  for (const [id, status] of outcomes) expect(after.get(id)).toMatchObject({ status, version: 3 });
  await expectEmailedOnce(shop, orders);
}, 300_000);

describe('an edit concurrent with the start of preparation', () => {
  /** Edits of every kind; each one changes the order. */
  const editOf = (round: number) => (round % 2 ? { note: `No ${round}` } : { lines: [vanillaLatte] });

  test('with If-Match on both lets exactly one of them succeed, 200 times', async () => {
    const orders = await orderPerSlot();
    const wins = { edit: 0, preparation: 0 };

    await runRounds({ concurrency: CONCURRENCY, rounds: 200 }, async (round, slot) => {
      const id = orders[slot]!;
      const version = await versionOf(id);

      const answers = await race<[Answer, Answer]>(
        () => edit(id, editOf(round), ifVersion(version)),
        () => post(id, 'status', { as: shop.manager, body: { status: 'preparation' }, headers: ifVersion(version) }),
      );

      const [winner, loser] = winnerAndLoser(answers);
      const edited = winner === answers[0];
      expect(winner.body).toMatchObject({ status: edited ? 'waiting' : 'preparation', version: version + 1 });
      expect(loser.body).toMatchObject({ status: 412, code: 'version_mismatch', version: version + 1 });
      wins[edited ? 'edit' : 'preparation'] += 1;
      if (!edited) expect((await move(id, 'waiting')).status).toBe(200);
    });

    expect(Math.min(wins.edit, wins.preparation)).toBeGreaterThan(0);
    await expectAllIntact(shop, orders);
    await expectEmailedOnce(shop, orders);
  }, 300_000);

  test('without If-Match either applies the edit first or rejects it, 200 times', async () => {
    const orders = await orderPerSlot();
    const seen = { edited: 0, refused: 0 };

    await runRounds({ concurrency: CONCURRENCY, rounds: 200 }, async (round, slot) => {
      const id = orders[slot]!;
      const version = await versionOf(id);
      const note = `No ${round}`;

      const [edited, prepared] = await race<[Answer, Answer]>(
        () => edit(id, { note }),
        () => move(id, 'preparation'),
      );

      expect(prepared.body.status).toBe('preparation');
      if (edited.status === 200) {
        seen.edited += 1;
        expect(edited.body).toMatchObject({ status: 'waiting', version: version + 1, note });
        expect(prepared.body).toMatchObject({ version: version + 2, note });
      } else {
        seen.refused += 1;
        expect(edited.body).toMatchObject({ status: 409, code: 'illegal_transition', currentStatus: 'preparation' });
        expect(prepared.body.version).toBe(version + 1);
        expect(prepared.body.note).not.toBe(note);
      }
      expect((await move(id, 'waiting')).status).toBe(200);
    });

    expect(Math.min(seen.edited, seen.refused)).toBeGreaterThan(0);
    await expectAllIntact(shop, orders);
    await expectEmailedOnce(shop, orders);
  }, 300_000);
});
