import { createConfig, lintFromString } from '@redocly/openapi-core';
import { SHOP } from '../../api/docs/document-file.ts';
import { describeApi } from '../../api/docs/openapi.ts';
import { isForPeople } from '../../api/http/pages/page.ts';
import type { Route } from '../../api/http/route.ts';
import { allRoutes, type RouteDependencies } from '../../api/routes.ts';
import { CLOUD_EVENT_TYPE } from '../../domain/order/cloud-event.ts';

interface Media {
  schema: { $ref?: string; examples?: unknown[] };
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

interface Answer {
  $ref?: string;
  headers?: Record<string, unknown>;
  content?: Record<string, Media>;
}

interface Operation {
  operationId: string;
  description?: string;
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string; schema: object }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Answer>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Media['schema']>;
    responses: Record<string, Answer>;
    securitySchemes: Record<string, { type: string; flows?: object }>;
  };
}

const routes: Route[] = allRoutes({ currency: SHOP.currency } as RouteDependencies);
const document = describeApi(routes, { passwordGrant: true, shop: SHOP }) as unknown as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, ...operation })),
);

const lastOf = (ref: string) => ref.split('/').at(-1)!;
const resolve = (answer: Answer): Answer =>
  answer.$ref ? document.components.responses[lastOf(answer.$ref)]! : answer;

/** A media type's examples: its own, or those of its schema. */
function examplesOf({ schema, example, examples }: Media): unknown[] {
  const named = schema.$ref ? document.components.schemas[lastOf(schema.$ref)]! : schema;
  const own = example === undefined ? [] : [example];
  return [...own, ...Object.values(examples ?? {}).map(({ value }) => value), ...(named.examples ?? [])];
}

/** What a linter says of the document, examples checked against their schemas. */
async function faultsOf(source: object): Promise<string[]> {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      'no-invalid-media-type-examples': 'error',
      'no-invalid-schema-examples': 'error',
      'no-invalid-parameter-examples': 'error',
      // The keys and the discovery documents take nothing that could be wrong.
      'operation-4xx-response': 'off',
      // It forgets methods: one DELETEs /v1/users/invitations/{id}, and POSTs to /v1/users/{id}/promote.
      'no-ambiguous-paths': 'off',
    },
  });
  const found = await lintFromString({ source: JSON.stringify(source), absoluteRef: 'openapi.json', config });
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`);
}

test.each([true, false])(
  'When the document is linted (password grant: %s), then it is valid OpenAPI 3.1',
  async (passwordGrant) => {
    expect(await faultsOf(describeApi(routes, { passwordGrant, shop: SHOP }))).toEqual([]);
  },
);

test('When an example does not fit its schema, then the linter finds it', async () => {
  const broken = structuredClone(document);
  broken.components.schemas.Order!.examples = [{ id: 7 }];
  expect((await faultsOf(broken)).join()).toContain('no-invalid-schema-examples');
});

test('When the API has a route, then the document has it, with everything that can go wrong', () => {
  for (const route of routes) {
    const operation = document.paths[route.path]?.[route.method];
    const statuses = Object.keys(operation?.responses ?? {});
    const expected = [
      '400',
      '401',
      '500',
      ...(route.access === 'anyone' ? [] : ['403']),
      ...(route.body ? ['413', '415'] : []),
      ...(route.path.startsWith('/health') ? [] : ['429']),
    ];
    expect({ [route.operationId]: statuses }).toEqual({ [route.operationId]: expect.arrayContaining(expected) });
  }
});

test('When a request has a body, then it has an example that the API accepts', () => {
  for (const { body, path, method, operationId } of routes) {
    if (!body) continue;
    const media = document.paths[path]![method]!.requestBody!.content['application/json']!;
    const verdicts = examplesOf(media).map((example) => body.safeParse(example).success);
    expect({ [operationId]: verdicts }).toEqual({ [operationId]: [true] });
  }
});

test.each(operations)('When $name answers with a body, then there is an example of it', ({ responses }) => {
  for (const [status, answer] of Object.entries(responses)) {
    const media = Object.values(resolve(answer).content ?? {});
    const without = media.filter((each) => examplesOf(each).length === 0);
    expect({ [status]: without }).toEqual({ [status]: [] });
  }
});

test('When a problem is described, then its example has the status under which it stands', () => {
  for (const { responses } of operations) {
    for (const [status, answer] of Object.entries(responses)) {
      const media = resolve(answer).content?.['application/problem+json'];
      if (!media) continue;
      for (const example of examplesOf(media)) expect(example).toMatchObject({ status: Number(status) });
    }
  }
});

test('When a client must read or send a header, then the document says so', () => {
  const headersOf = (operation: Operation, status: string) =>
    Object.keys(resolve(operation.responses[status]!).headers ?? {});
  const sent = (operation: Operation) =>
    operation.parameters?.filter((each) => each.in === 'header').map(({ name }) => name) ?? [];
  const { paths } = document;
  const place = paths['/v1/orders']!.post!;
  const move = paths['/v1/orders/{id}/status']!.post!;
  const menu = paths['/v1/catalog']!.get!;

  expect(sent(place)).toEqual(['Idempotency-Key']);
  expect(sent(move)).toEqual(['Idempotency-Key', 'If-Match', 'Prefer']);
  for (const read of [menu, paths['/v1/products/{id}']!.get!, paths['/v1/orders/{id}']!.get!]) {
    expect(sent(read)).toEqual(['If-None-Match']);
    expect(headersOf(read, '304')).toEqual(['ETag']);
  }
  expect(sent(paths['/v1/products/{id}']!.patch!)).toEqual(['If-Match']);
  expect(headersOf(place, '201')).toEqual(['ETag', 'Idempotency-Replayed', 'Location']);
  expect(headersOf(place, '401')).toEqual(['WWW-Authenticate']);
  expect(headersOf(place, '503').sort()).toEqual(['Idempotency-Key', 'Retry-After']);
  expect(headersOf(menu, '429')).toEqual(['RateLimit', 'RateLimit-Policy', 'Retry-After']);
  expect(headersOf(paths['/oauth/token']!.post!, '429')).toEqual(['RateLimit', 'RateLimit-Policy', 'Retry-After']);
  expect(headersOf(paths['/.well-known/jwks.json']!.get!, '429')).toContain('Retry-After');
});

test('When a header or a query parameter has examples, then none is filled in by itself on the docs page', () => {
  // Swagger UI fills in `example`, but not `examples`: a key or a version of somebody else's would spoil the request.
  const filledIn = operations.flatMap(({ parameters = [] }) =>
    parameters.filter((each) => each.in !== 'path' && 'example' in each.schema).map(({ name }) => name),
  );
  expect(filledIn).toEqual([]);
});

test('When a route is for people, for services or for both, then the document says how each of them signs in', () => {
  const waysTo = (path: string, method: string) => document.paths[path]![method]!.security;
  expect(waysTo('/v1/catalog', 'get')).toEqual([]);
  expect(waysTo('/v1/orders', 'post')).toEqual([{ signIn: ['orders:write'] }, { password: ['orders:write'] }]);
  expect(waysTo('/v1/orders', 'get')).toEqual(
    ['signIn', 'password', 'service'].map((way) => ({ [way]: ['orders:read'] })),
  );
  expect(waysTo('/v1/me', 'get')).toEqual([{ signIn: [] }, { password: [] }]);
});

test('When a shop serves the document, then the addresses of its OAuth2 server are absolute', () => {
  const publicUrl = 'https://shop.example';
  const served = describeApi(routes, { passwordGrant: true, shop: { ...SHOP, publicUrl } }) as unknown as Document;
  const flows = Object.values(served.components.securitySchemes).flatMap(({ flows }) => Object.values(flows!));
  const addresses = flows.flatMap((flow) => Object.entries(flow as object).filter(([name]) => name.endsWith('Url')));
  expect(addresses.length).toBeGreaterThanOrEqual(6);
  for (const [name, address] of addresses) {
    const path = name === 'authorizationUrl' ? '/oauth/authorize' : '/oauth/token';
    expect([name, address]).toEqual([name, `${publicUrl}${path}`]);
  }
});

test('When the document describes what webhooks receive, then its media type is the one that is sent', () => {
  const received = [...JSON.stringify(document).matchAll(/"operationId":"receive\w*".*?"content":\{"([^"]+)"/g)];
  // As a webhook, and as a callback of its registration.
  expect(received.map(([, type]) => type)).toEqual([CLOUD_EVENT_TYPE, CLOUD_EVENT_TYPE]);
});

test('When there is no password grant, then nothing in the document offers it', () => {
  const production = describeApi(routes, { passwordGrant: false, shop: SHOP }) as unknown as Document;
  const flows = Object.values(production.components.securitySchemes).flatMap(({ flows }) => Object.keys(flows!));
  expect(flows).toEqual(['authorizationCode', 'clientCredentials']);
  const text = JSON.stringify(production);
  for (const word of ['"username"', 'example.com` or', 'development only']) expect(text).not.toContain(word);
});

test('When a path is documented, then its errors are for programs, whatever they accept', () => {
  expect(Object.keys(document.paths).filter(isForPeople)).toEqual([]);
});
