import { createConfig, lintFromString } from '@redocly/openapi-core';
import { SHOP } from '../../api/docs/document-file.ts';
import { describeApi } from '../../api/docs/openapi.ts';
import { isBrowserPath } from '../../api/http/pages/page.ts';
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
  headers?: Record<string, { schema: { examples?: string[] } }>;
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

/** Returns the examples of a media type or of its schema. */
function examplesOf({ schema, example, examples }: Media): unknown[] {
  const named = schema.$ref ? document.components.schemas[lastOf(schema.$ref)]! : schema;
  const own = example === undefined ? [] : [example];
  return [...own, ...Object.values(examples ?? {}).map(({ value }) => value), ...(named.examples ?? [])];
}

/** Returns the findings of a linter, which also checks examples against their schemas. */
async function faultsOf(source: object): Promise<string[]> {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      'no-invalid-media-type-examples': 'error',
      'no-invalid-schema-examples': 'error',
      'no-invalid-parameter-examples': 'error',
      // The keys and the discovery documents have no input that could be invalid.
      'operation-4xx-response': 'off',
      // The rule ignores methods: DELETE /v1/users/invitations/{id} and POST /v1/users/{id}/promote are not ambiguous.
      'no-ambiguous-paths': 'off',
    },
  });
  const found = await lintFromString({ source: JSON.stringify(source), absoluteRef: 'openapi.json', config });
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`);
}

test.each([true, false])('the OpenAPI document is valid OpenAPI 3.1 (password grant: %s)', async (passwordGrant) => {
  expect(await faultsOf(describeApi(routes, { passwordGrant, shop: SHOP }))).toEqual([]);
});

test('the linter finds an example that does not match its schema', async () => {
  const broken = structuredClone(document);
  broken.components.schemas.Order!.examples = [{ id: 7 }];
  expect((await faultsOf(broken)).join()).toContain('no-invalid-schema-examples');
});

test('the OpenAPI document has every route with all its problems', () => {
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

test('every request body has an example that the API accepts', () => {
  for (const { body, path, method, operationId } of routes) {
    if (!body) continue;
    const media = document.paths[path]![method]!.requestBody!.content['application/json']!;
    const verdicts = examplesOf(media).map((example) => body.safeParse(example).success);
    expect({ [operationId]: verdicts }).toEqual({ [operationId]: [true] });
  }
});

test.each(operations)('every response body of $name has an example', ({ responses }) => {
  for (const [status, answer] of Object.entries(responses)) {
    const media = Object.values(resolve(answer).content ?? {});
    const without = media.filter((each) => examplesOf(each).length === 0);
    expect({ [status]: without }).toEqual({ [status]: [] });
  }
});

test('every example of a problem has the status of its response', () => {
  for (const { responses } of operations) {
    for (const [status, answer] of Object.entries(responses)) {
      const media = resolve(answer).content?.['application/problem+json'];
      if (!media) continue;
      for (const example of examplesOf(media)) expect(example).toMatchObject({ status: Number(status) });
    }
  }
});

test('the OpenAPI document has all headers that clients must send or read', () => {
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
    expect(headersOf(read, '304')).toEqual(read === menu ? ['ETag', 'Vary'] : ['ETag']);
  }
  expect(sent(paths['/v1/products/{id}']!.patch!)).toEqual(['If-Match']);
  expect(headersOf(place, '201')).toEqual(['ETag', 'Idempotency-Replayed', 'Location']);
  expect(headersOf(place, '401')).toEqual(['WWW-Authenticate']);
  expect(headersOf(place, '503').sort()).toEqual(['Idempotency-Key', 'Retry-After']);
  expect(headersOf(menu, '429')).toEqual(['RateLimit', 'RateLimit-Policy', 'Retry-After']);
  expect(headersOf(paths['/oauth/token']!.post!, '429')).toEqual(['RateLimit', 'RateLimit-Policy', 'Retry-After']);
  expect(headersOf(paths['/.well-known/jwks.json']!.get!, '429')).toContain('Retry-After');
});

test('every example of Location is the path of the resource in the body', () => {
  const documented = operations.flatMap(({ name, responses }) =>
    Object.values(responses).flatMap(({ headers, content }) => {
      const [location] = headers?.Location?.schema.examples ?? [];
      if (!location) return [];
      const [resource] = examplesOf(content!['application/json']!) as { id: string }[];
      return [{ name, location, path: `${name.split(/ |\/\{/)[1]}/${resource!.id}` }];
    }),
  );
  expect(documented.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['POST /v1/orders', 'POST /v1/orders/{id}/status', 'POST /v1/products']),
  );
  for (const { location, path } of documented) {
    expect(location).toBe(path);
    expect(location).toMatch(/\/[0-9a-f-]{36}$/);
  }
});

test('the docs page does not fill in examples of headers and query parameters', () => {
  // Swagger UI fills in `example`, but not `examples`. A key or a version from an example would make the request fail.
  const filledIn = operations.flatMap(({ parameters = [] }) =>
    parameters.filter((each) => each.in !== 'path' && 'example' in each.schema).map(({ name }) => name),
  );
  expect(filledIn).toEqual([]);
});

test('every operation has the security schemes of its callers', () => {
  const waysTo = (path: string, method: string) => document.paths[path]![method]!.security;
  expect(waysTo('/v1/catalog', 'get')).toEqual([]);
  expect(waysTo('/v1/orders', 'post')).toEqual([
    { signIn: ['orders:write'] },
    { password: ['orders:write'] },
    { service: ['orders:place'] },
  ]);
  expect(waysTo('/v1/products/{id}', 'patch')).toEqual(
    ['signIn', 'password'].flatMap((way) => [{ [way]: ['catalog:write'] }, { [way]: ['availability:write'] }]),
  );
  expect(waysTo('/v1/orders', 'get')).toEqual(
    ['signIn', 'password', 'service'].map((way) => ({ [way]: ['orders:read'] })),
  );
  expect(waysTo('/v1/me', 'get')).toEqual([{ signIn: [] }, { password: [] }]);
});

test('the served document has absolute URLs of the OAuth2 server', () => {
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

test('the media type of webhooks in the document is the one that is sent', () => {
  const received = [...JSON.stringify(document).matchAll(/"operationId":"receive\w*".*?"content":\{"([^"]+)"/g)];
  // As a webhook, and as a callback of its registration.
  expect(received.map(([, type]) => type)).toEqual([CLOUD_EVENT_TYPE, CLOUD_EVENT_TYPE]);
});

test('the document does not mention the password grant if it is disabled', () => {
  const production = describeApi(routes, { passwordGrant: false, shop: SHOP }) as unknown as Document;
  const flows = Object.values(production.components.securitySchemes).flatMap(({ flows }) => Object.keys(flows!));
  expect(flows).toEqual(['authorizationCode', 'clientCredentials']);
  const text = JSON.stringify(production);
  for (const word of ['"username"', 'example.com` or', 'development only']) expect(text).not.toContain(word);
});

test('no documented path returns its errors as pages', () => {
  expect(Object.keys(document.paths).filter(isBrowserPath)).toEqual([]);
});
