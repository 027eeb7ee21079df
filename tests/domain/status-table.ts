import type { Actor } from '../../domain/actor.ts';
import type { Status } from '../../domain/order/transitions.ts';

// The transition table, written independently of the code that it tests.

export const everyStatus: readonly Status[] = ['waiting', 'preparation', 'ready', 'delivered', 'cancelled'];

export const everyone = ['owner', 'another customer', 'barista', 'manager', 'service', 'operator', 'system'] as const;
export type Who = (typeof everyone)[number];

const staff: readonly Who[] = ['barista', 'manager', 'service', 'operator', 'system'];
const staffAndOwner: readonly Who[] = [...staff, 'owner'];

/** Every transition of the table, in its order. */
const edges: readonly [from: Status, to: Status, who: readonly Who[]][] = [
  ['waiting', 'preparation', staff],
  ['preparation', 'waiting', staff],
  ['preparation', 'ready', staff],
  ['ready', 'delivered', staff],
  ['waiting', 'cancelled', staffAndOwner],
  ['preparation', 'cancelled', staffAndOwner],
];

/** Returns the transitions from `from` that the table allows an actor. */
export const allowedFrom = (from: Status, who: Who): Status[] =>
  edges.filter(([start, , whoMay]) => start === from && whoMay.includes(who)).map(([, to]) => to);

export const isEdge = (from: Status, to: Status): boolean => edges.some(([start, end]) => start === from && end === to);

/** Every pair of statuses, including two equal ones. */
export const everyMove = everyStatus.flatMap((from) => everyStatus.map((to) => ({ from, to })));

/** Returns the shortest path from `waiting` to a status. */
export const wayTo: Record<Status, Status[]> = {
  waiting: [],
  preparation: ['preparation'],
  ready: ['preparation', 'ready'],
  delivered: ['preparation', 'ready', 'delivered'],
  cancelled: ['cancelled'],
};

export const OWNER_ID = '0c0ffee0-0000-4000-8000-00000000aaaa';

/** One actor of each kind. Only the owner has placed an order. */
export const actors: Record<Who, Actor> = {
  owner: { type: 'customer', id: OWNER_ID },
  'another customer': { type: 'customer', id: '0c0ffee0-0000-4000-8000-00000000bbbb' },
  barista: { type: 'barista', id: '0c0ffee0-0000-4000-8000-00000000dddd' },
  manager: { type: 'manager', id: '0c0ffee0-0000-4000-8000-00000000cccc' },
  service: { type: 'service', id: 'till' },
  operator: { type: 'operator', id: 'temporal' },
  system: { type: 'system', id: 'crema' },
};
