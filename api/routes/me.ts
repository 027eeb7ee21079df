import { me } from '../contract/users.ts';
import { personOf, type Route, route } from '../route.ts';

/** Who you are. */
export function meRoutes(): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/me',
      operationId: 'getMe',
      tag: 'Users',
      summary: 'Who you are, and what your token is good for',
      access: { to: ['customer', 'manager'] },
      answers: { 200: { description: 'You', body: me } },
      handle: async (request) => {
        const { id, email, name, type: role, scopes } = personOf(request);
        return { status: 200, body: { id, email, name, role, scopes: [...scopes] } };
      },
    }),
  ];
}
