import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import type { OrderRepository } from '../../db/orders.ts';
import type { UserRepository } from '../../db/users.ts';
import type { Actor } from '../../domain/actor.ts';
import { toOrderResource, toTimeline } from '../orders/resources.ts';
import type { OrderResource } from '../orders/schemas.ts';
import { toEmailPreferences, toUserResource } from './resources.ts';

export interface PersonalDataSources {
  users: UserRepository;
  orders: OrderRepository;
  artifacts: OidcArtifactRepository;
}

/** The number of orders in one read. */
const PAGE = 20;

/** Returns all data about the viewer that the viewer may see; `undefined` if their account no longer exists. */
export async function collectPersonalData(sources: PersonalDataSources, viewer: Actor) {
  const { users, orders, artifacts } = sources;
  const [account, reader] = await Promise.all([users.find(viewer.id), users.findReader(viewer.id)]);
  if (!account || !reader) return undefined;
  const grants = await artifacts.grantsOf(viewer.id);
  return {
    exportedAt: new Date().toISOString(),
    user: toUserResource(account),
    emailPreferences: toEmailPreferences(reader),
    access: grants.map(({ clientId, iat, exp }) => ({
      client: String(clientId),
      since: toTime(Number(iat)),
      until: exp === undefined ? null : toTime(Number(exp)),
    })),
    orders: await ordersOf(orders, viewer),
  };
}

async function ordersOf(orders: OrderRepository, viewer: Actor) {
  const all: { order: OrderResource; timeline: { data: ReturnType<typeof toTimeline> } }[] = [];
  let after: readonly [placedAt: string, id: string] | undefined;
  for (;;) {
    const page = await orders.list({ customerId: viewer.id, sort: '-placedAt', limit: PAGE, after });
    const timelines = await Promise.all(page.map(({ order }) => orders.timeline(order.id)));
    for (const [index, view] of page.entries()) {
      const timeline = { data: toTimeline(timelines[index] ?? [], viewer) };
      all.push({ order: toOrderResource(view, viewer), timeline });
    }
    const last = page.at(-1)?.order;
    if (!last || page.length < PAGE) return all;
    after = [last.placedAt, last.id];
  }
}

const toTime = (seconds: number): string => new Date(seconds * 1_000).toISOString();
