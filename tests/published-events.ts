import { Redis } from 'ioredis';

/** Follows a Redis channel. Returns the ids of the events that are published from now on, in their order. */
export async function followChannel(url: string, channel = 'orders'): Promise<{ ids: string[]; stop(): void }> {
  const redis = new Redis(url);
  const ids: string[] = [];
  redis.on('message', (_, message) => ids.push(JSON.parse(message).id));
  await redis.subscribe(channel);
  return { ids, stop: () => redis.disconnect() };
}
