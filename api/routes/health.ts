import { z } from 'zod';
import { type Route, route } from '../route.ts';

/** Something that the API needs: resolves when it answers. */
export type Check = () => Promise<unknown>;

/** How long a part may take before it counts as down, in ms. */
const DEADLINE_MS = 2_000;

const health = z
  .object({
    status: z.enum(['up', 'down']),
    parts: z.record(z.string(), z.enum(['up', 'down'])).meta({ description: 'By name: what the API needs' }),
  })
  .meta({ id: 'Health', examples: [{ status: 'up', parts: { postgres: 'up', temporal: 'up' } }] });

/**
 * Whether this process lives, and whether it can serve.
 *
 * @param checks by the part's name
 * @param closing whether the process has been asked to stop
 */
export function healthRoutes(checks: Record<string, Check>, closing: () => boolean): Route[] {
  return [
    route({
      method: 'get',
      path: '/health/live',
      operationId: 'getLiveness',
      tag: 'Operations',
      summary: 'Whether the process runs',
      access: 'anyone',
      answers: { 200: { description: 'It does', body: health, example: { status: 'up', parts: {} } } },
      handle: async () => ({ status: 200, body: { status: 'up', parts: {} } }),
    }),
    route({
      method: 'get',
      path: '/health/ready',
      operationId: 'getReadiness',
      tag: 'Operations',
      summary: 'Which parts are up',
      access: 'anyone',
      answers: {
        200: { description: 'All of them', body: health },
        503: {
          description: 'Some are down, or the process is stopping',
          body: health,
          example: { status: 'down', parts: { postgres: 'up', temporal: 'down' } },
        },
      },
      handle: async () => {
        const names = Object.keys(checks);
        const states = await Promise.all(Object.values(checks).map(stateOf));
        const up = states.every((state) => state === 'up') && !closing();
        const parts = Object.fromEntries(names.map((name, index) => [name, states[index]]));
        return { status: up ? 200 : 503, body: { status: up ? 'up' : 'down', parts } };
      },
    }),
  ];
}

async function stateOf(check: Check): Promise<'up' | 'down'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), DEADLINE_MS);
  });
  try {
    await Promise.race([check(), late]);
    return 'up';
  } catch {
    return 'down';
  } finally {
    clearTimeout(timer);
  }
}
