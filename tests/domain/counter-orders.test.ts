import { decide, maySee, placeOrder } from '../../domain/order/decider.ts';
import { toFullOrder } from '../../domain/order/full-order.ts';
import { suppressionReason } from '../../domain/order/suppression-reason.ts';
import { allowedTransitions } from '../../domain/order/transitions.ts';
import { searchAttributes, searchAttributesOf } from '../../workflows/messages/definitions.ts';
import { aPlacement, moveOf } from './an-order.ts';
import { actors, allowedFrom, everyone, OWNER_ID } from './status-table.ts';

const AT = '2026-11-22T10:00:00.000Z';
const { event, order } = placeOrder(aPlacement({ customer: { id: null }, placedBy: actors.barista }));
const customers = ['owner', 'another customer'];

test('a counter order names the person who placed it', () => {
  expect(event.actor).toEqual(actors.barista);
  expect(toFullOrder(order)).toMatchObject({
    channel: 'counter',
    placedBy: actors.barista,
    customer: { id: null },
  });
});

test('an order of an older version is an online order, placed by its customer', () => {
  const older = placeOrder(aPlacement());
  expect(older.event.actor).toEqual(actors.owner);
  expect(toFullOrder(older.order)).toMatchObject({
    channel: 'online',
    placedBy: actors.owner,
    customer: { id: OWNER_ID },
  });
});

test.each(everyone)('only staff can read, edit and move a counter order: %s', (who) => {
  const isOfStaff = !customers.includes(who);
  const edit = { type: 'edit', note: 'No sugar', actor: actors[who] } as const;
  expect(maySee(order, actors[who])).toBe(isOfStaff);
  expect(allowedTransitions(order, actors[who])).toEqual(isOfStaff ? allowedFrom('waiting', who) : []);
  expect(decide(order, edit, AT)).toMatchObject(
    isOfStaff ? { type: 'order.edited', actor: actors[who] } : { refused: 'illegal_transition' },
  );
  const preparing = moveOf(order, 'preparation', AT).order;
  expect(decide(preparing, edit, AT)).toMatchObject({ refused: 'illegal_transition' });
});

test('a counter order has no search attribute for a customer', () => {
  const namesOf = (placement: Parameters<typeof aPlacement>[0]) =>
    searchAttributesOf(placeOrder(aPlacement(placement)).order).map(({ key }) => key.name);
  const { name } = searchAttributes.customerId;
  expect(namesOf({})).toContain(name);
  expect(namesOf({ customer: { id: null }, placedBy: actors.service })).not.toContain(name);
});

test('a counter order sends its customer no email, with a reason', () => {
  expect(suppressionReason(order, undefined, undefined)).toBe(
    'The order was placed at the counter, so the customer has no email address.',
  );
});
