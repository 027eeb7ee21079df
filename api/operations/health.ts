import { z } from 'zod';
import { version } from '../../config/version.ts';
import { byDeadline } from '../http/deadline.ts';
import { type Route, route } from '../http/route.ts';

/** A check of a service that the API needs. Resolves if the service answers. @param deadline in ms since the epoch */
export type Check = (deadline: number) => Promise<unknown>;

/** The timeout of a check, in ms. */
const DEADLINE_MS = 2_000;

const NAME = 'crema-api';

const EXAMPLE = { name: NAME, version: '1.2.3', instance: 'a3c8f5de-6c1b-4a51-9d0e-2f3b7c9e4d10' } as const;

const healthStatus = z.enum(['up', 'down']).meta({ id: 'HealthStatus' });

const health = z
  .object({
    status: healthStatus,
    name: z.literal(NAME).meta({ description: 'The name of the program' }),
    version: z.string().meta({ description: 'The version of Crema' }),
    instance: z.string().meta({ description: 'The id of the process: `INSTANCE_ID`, or a generated UUID' }),
    parts: z.record(z.string(), healthStatus).meta({ description: 'The status of each dependency, by name' }),
  })
  .meta({ id: 'Health', examples: [{ status: 'up', ...EXAMPLE, parts: { postgres: 'up', temporal: 'up' } }] });

/**
 * Returns the routes for liveness and readiness.
 *
 * @param checks the readiness checks, by the name of the service
 * @param instance the id of this process
 */
export function healthRoutes(checks: Record<string, Check>, instance: string): Route[] {
  const identity = { name: NAME, version, instance } as const;
  return [
    route({
      method: 'get',
      path: '/health/live',
      operationId: 'getLiveness',
      tag: 'Operations',
      summary: 'Check that the process runs',
      access: 'anyone',
      responses: {
        200: { description: 'The process runs', body: health, example: { status: 'up', ...EXAMPLE, parts: {} } },
      },
      handle: async () => ({ status: 200, body: { status: 'up', ...identity, parts: {} } }),
    }),
    route({
      method: 'get',
      path: '/health/ready',
      operationId: 'getReadiness',
      tag: 'Operations',
      summary: 'Check that the process can serve requests',
      access: 'anyone',
      responses: {
        200: { description: 'All dependencies are up', body: health },
        503: {
          description: 'A dependency is down, or the process is stopping',
          body: health,
          example: { status: 'down', ...EXAMPLE, parts: { postgres: 'up', temporal: 'down' } },
        },
      },
      handle: async () => {
        const names = Object.keys(checks);
        const states = await Promise.all(Object.values(checks).map(stateOf));
        const up = states.every((state) => state === 'up');
        const parts = Object.fromEntries(names.map((name, index) => [name, states[index]]));
        return { status: up ? 200 : 503, body: { status: up ? 'up' : 'down', ...identity, parts } };
      },
    }),
  ];
}

async function stateOf(check: Check): Promise<'up' | 'down'> {
  const deadline = Date.now() + DEADLINE_MS;
  const answers = check(deadline).then(() => 'up' as const);
  return (await byDeadline(deadline, answers).catch(() => undefined)) ?? 'down';
}
