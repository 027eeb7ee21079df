import fc from 'fast-check';
import type { Status } from '../../domain/order/transitions.ts';
import { everyStatus } from '../domain/status-table.ts';

/** The sender of a command. */
export type Sender = 'owner' | 'stranger' | 'manager' | 'anonymous';

/** The headers and options of a change. */
export interface Conditions {
  by: Sender;
  /** One of a few keys, so that they are reused with the same and other bodies, on the same and other orders. */
  key: string | undefined;
  /** `stale` is a former or future version of the order, `foreign` a tag that the API did not issue. */
  ifMatch: 'right' | 'weak' | 'stale' | 'foreign' | 'any' | undefined;
  /** Whether to send the id in capitals, which names the same order. */
  upperCaseId: boolean;
}

export interface Wish {
  product: 'Tea' | 'Latte' | 'Oat Latte' | 'Sold out' | 'Oat Tea';
  quantity: number;
}

/** One HTTP request. `order` is an index into the orders placed so far, modulo their number. */
export type Command =
  | {
      do: 'place';
      by: Sender;
      key: string | undefined;
      wishes: Wish[];
      expects: 'right' | 'wrong' | undefined;
      /** The name of the guest. Only the manager may send one. */
      name: string | undefined;
    }
  | ({
      do: 'edit';
      order: number;
      note: string | null | undefined;
      keep: number[] | undefined;
      add: Wish[];
    } & Conditions)
  | ({ do: 'move'; order: number; to: Exclude<Status, 'cancelled'> } & Conditions)
  | ({ do: 'cancel'; order: number; reasonCode: 'other' | 'duplicate' | undefined } & Conditions)
  | { do: 'garbage'; order: number; kind: (typeof garbage)[number]; key: string | undefined };

export const garbage = [
  'no JSON',
  'unknown field',
  'unknown status',
  'cancelled as a status',
  'empty edit',
  'unknown line',
  'no lines',
  'quantity of zero',
  'unreadable If-Match',
  'unreadable key',
  'unknown order',
  'invalid id',
] as const;

const key = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined, freq: 2 });
const quantity = fc.integer({ min: 1, max: 99 });
const wish = fc.record<Wish>({
  product: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('Tea' as const, 'Latte' as const, 'Oat Latte' as const) },
    { weight: 1, arbitrary: fc.constantFrom('Sold out' as const, 'Oat Tea' as const) },
  ),
  quantity,
});
const order = fc.nat({ max: 3 });
const by = (...usual: Sender[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom<Sender>('owner', 'stranger', 'manager', 'anonymous') },
  );
const conditions = {
  key,
  ifMatch: fc.option(
    fc.constantFrom('right' as const, 'weak' as const, 'stale' as const, 'foreign' as const, 'any' as const),
    {
      nil: undefined,
      freq: 1,
    },
  ),
  upperCaseId: fc.boolean(),
};

const place = fc.record({
  do: fc.constant('place' as const),
  // A customer who places an order owns it, so it is never a stranger.
  by: by('owner', 'owner', 'manager').filter((sender) => sender !== 'stranger'),
  key,
  wishes: fc.array(wish, { minLength: 1, maxLength: 3 }),
  expects: fc.option(fc.constantFrom('right' as const, 'wrong' as const), { nil: undefined }),
  name: fc.option(fc.constantFrom('Ana', 'Bob'), { nil: undefined, freq: 1 }),
});
const edit = fc.record({
  do: fc.constant('edit' as const),
  order,
  by: by('owner', 'owner', 'manager'),
  note: fc.option(fc.constantFrom('Hot', 'Cold', null), { nil: undefined }),
  keep: fc.option(fc.array(quantity, { minLength: 1, maxLength: 2 }), { nil: undefined }),
  add: fc.array(wish, { maxLength: 1 }),
  ...conditions,
});
const move = fc.record({
  do: fc.constant('move' as const),
  order,
  by: by('manager'),
  to: fc.constantFrom(...everyStatus.filter((status) => status !== 'cancelled')),
  ...conditions,
});
const cancel = fc.record({
  do: fc.constant('cancel' as const),
  order,
  by: by('owner', 'manager'),
  reasonCode: fc.option(fc.constantFrom('other' as const, 'duplicate' as const), { nil: undefined }),
  ...conditions,
});
const nonsense = fc.record({ do: fc.constant('garbage' as const), order, kind: fc.constantFrom(...garbage), key });

/** Requests of every kind, in any order. Moves are the most frequent, so that orders make progress. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: place },
  { weight: 3, arbitrary: edit },
  { weight: 6, arbitrary: move },
  { weight: 1, arbitrary: cancel },
  { weight: 2, arbitrary: nonsense },
);
