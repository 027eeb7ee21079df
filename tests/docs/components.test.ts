import { SHOP } from '../../api/docs/document-file.ts';
import { describeApi } from '../../api/docs/openapi.ts';
import { allRoutes, type RouteDependencies } from '../../api/routes.ts';
import { eventTypes } from '../../domain/order/order.ts';

// What the programs that write clients make of the document: a type gets a good name where the document has one for it.

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
  default?: unknown;
  uniqueItems?: boolean;
  const?: unknown;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
}

interface Media {
  schema: Schema;
}

interface Operation {
  operationId: string;
  'x-internal'?: boolean;
  tags: string[];
  parameters?: { name: string; schema: Schema }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { $ref?: string; content?: Record<string, Media>; links?: Record<string, object> }>;
  callbacks?: Record<string, Record<string, Record<string, Operation>>>;
}

const document = describeApi(allRoutes({ currency: SHOP.currency } as RouteDependencies), {
  passwordGrant: true,
  shop: SHOP,
}) as unknown as {
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Operation['responses'][string]> };
};

const inPaths = Object.values(document.paths).flatMap((methods) => Object.values(methods));
const received = [
  ...Object.values(document.webhooks),
  ...inPaths.flatMap(({ callbacks = {} }) => Object.values(callbacks).flatMap((each) => Object.values(each))),
].flatMap((methods) => Object.values(methods));
const operations = [...inPaths, ...received];

const schemasOf = (place: string, content: Record<string, Media> = {}): [string, Schema][] =>
  Object.entries(content).map(([type, { schema }]) => [`${place} ${type}`, schema]);

/** The schemas that stand in operations and shared responses, by place. */
const used: [string, Schema][] = [
  ...operations.flatMap(({ operationId, parameters = [], requestBody, responses }): [string, Schema][] => [
    ...parameters.map(({ name, schema }): [string, Schema] => [`${operationId} ${name}`, schema]),
    ...schemasOf(operationId, requestBody?.content),
    ...Object.entries(responses).flatMap(([status, { content }]) => schemasOf(`${operationId} ${status}`, content)),
  ]),
  ...Object.entries(document.components.responses).flatMap(([name, { content }]) => schemasOf(name, content)),
];

/** The schemas directly below a schema, by place. */
const below = (
  place: string,
  { properties = {}, items, additionalProperties, ...schema }: Schema,
): [string, Schema][] => [
  ...Object.entries(properties).map(([name, each]): [string, Schema] => [`${place}.${name}`, each]),
  ...[items, additionalProperties]
    .filter((each): each is Schema => typeof each === 'object')
    .map((each): [string, Schema] => [`${place}[]`, each]),
  ...[schema.anyOf, schema.oneOf, schema.allOf].flatMap((all = []) =>
    all.map((each, index): [string, Schema] => [`${place}(${index})`, each]),
  ),
];

/** All schemas below some, these included. */
const everything = (schemas: [string, Schema][]): [string, Schema][] =>
  schemas.flatMap(([place, schema]) => [[place, schema], ...everything(below(place, schema))]);

const named = Object.entries(document.components.schemas);

/** The component that a schema refers to, or the schema itself. */
const resolved = (schema: Schema): Schema =>
  document.components.schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
const belowNamed = named.flatMap(([name, schema]) => below(name, schema));
const isNull = ({ type }: Schema) => type === 'null';

/** Needs a name of its own: an object with fields, a choice of values or of types. A named schema or null does not. */
function isAnonymous({ properties, enum: values, anyOf, oneOf, allOf }: Schema): boolean {
  const choices = [...(anyOf ?? []), ...(oneOf ?? []), ...(allOf ?? [])];
  const isNullable = choices.length === 2 && choices.filter(isNull).length === 1 && choices.some(({ $ref }) => $ref);
  // One possible value is a constant, which needs no name.
  return properties !== undefined || (values?.length ?? 0) > 1 || (choices.length > 0 && !isNullable);
}

const placesOf = (schemas: [string, Schema][], is: (schema: Schema) => boolean) =>
  everything(schemas)
    .filter(([, schema]) => is(schema))
    .map(([place]) => place);

test('When an object, an enum or a union stands anywhere, then it is a named component', () => {
  // The Rust client of openapi-generator does not compile with a named enum in a form.
  expect(placesOf([...used, ...belowNamed], isAnonymous)).toEqual(['TokenRequest.grant_type']);
});

test('When a form has an enum, then the enum has no name', () => {
  const forms = operations.flatMap(({ requestBody }) =>
    Object.entries(requestBody?.content ?? {}).filter(([type]) => type === 'application/x-www-form-urlencoded'),
  );
  const fields = forms.flatMap(([, { schema }]) => Object.entries(resolved(schema).properties ?? {}));
  expect(fields.length).toBeGreaterThan(10);
  expect(fields.filter(([, field]) => field.$ref && resolved(field).enum).map(([name]) => name)).toEqual([]);
});

test.each<[string, Schema]>([
  ['an object', { items: { type: 'object', properties: { id: { type: 'string' } } } }],
  ['an enum', { properties: { kind: { type: 'string', enum: ['a', 'b'] } } }],
  ['a union', { properties: { line: { anyOf: [{ $ref: '#/a' }, { $ref: '#/b' }] } } }],
  ['a nullable array', { properties: { all: { anyOf: [{ type: 'array' }, { type: 'null' }] } } }],
])('When %s has no name, then it is found', (_what, schema) => {
  expect(placesOf(below('Some', schema), isAnonymous)).toHaveLength(1);
});

test('When a name is taken by a schema, then no shared response has it', () => {
  // Clients in Go have one namespace for both.
  const names = [...Object.keys(document.components.schemas), ...Object.keys(document.components.responses)];
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  // The same schema, once as it is read and once as it is written.
  expect(names.filter((name) => name.endsWith('Output'))).toEqual([]);
});

test('When a field is constant, then it is a text', () => {
  // Clients in Java make an enum of texts of it.
  const isOther = (schema: Schema) => schema.const !== undefined && typeof schema.const !== 'string';
  expect(placesOf([...used, ...named], isOther)).toEqual([]);
});

test('When a field of a request has a default, then only its description says so', () => {
  const schemas = [...named, ...operations.flatMap((each) => schemasOf(each.operationId, each.requestBody?.content))];
  expect(placesOf(schemas, (schema) => schema.default !== undefined)).toEqual([]);
  const defaults = everything(named).flatMap(([place, { description = '' }]) =>
    description.includes('Default: ') ? [`${place}: ${description.slice(description.indexOf('Default: '))}`] : [],
  );
  expect(defaults.sort()).toEqual([
    'Invitation.role: Default: customer.',
    'OrderRequest.location: Default: take_away.',
    'ProductRequest.available: Default: true.',
    'ProductRequest.description: Default: empty.',
    'ProductRequest.position: Default: 0.',
    'VariationRequest.available: Default: true.',
    'VariationRequest.position: Default: 0.',
    'WebhookRequest.description: Default: empty.',
    'WebhookRequest.enabled: Default: true.',
    `WebhookRequest.events: Default: ${eventTypes.join(', ')}.`,
  ]);
});

test('When a field of a request has a default, then no request needs it', () => {
  const needed = named.flatMap(([name, { required = [], properties = {} }]) =>
    required
      .filter((field) => properties[field]?.description?.includes('Default: '))
      .map((field) => `${name}.${field}`),
  );
  expect(needed).toEqual([]);
});

test('When a schema has alternatives, then they exclude each other', () => {
  // ogen supports no other unions.
  const isLoose = ({ anyOf }: Schema) => anyOf !== undefined && !anyOf.some(isNull);
  expect(placesOf([...used, ...named], isLoose)).toEqual([]);
});

test('When a list is described, then it is a list in requests and in answers', () => {
  // Some generators make a set of a list with `uniqueItems`.
  expect(placesOf([...used, ...named], ({ uniqueItems }) => uniqueItems !== undefined)).toEqual([]);
});

test('When a schema has a name, then Go has no constructor of that name', () => {
  // openapi-generator writes a constructor `NewOrder` for `Order`.
  const names = named.map(([name]) => name);
  expect(names.filter((name) => name.startsWith('New'))).toEqual([]);
});

test('When events are told apart by their type, then each type is a named enum', () => {
  // The Go client of openapi-generator ignores constants.
  const kinds = document.components.schemas.CloudEvent!.oneOf!.map((kind) => resolved(kind).properties!.type!);
  expect(kinds).toHaveLength(2);
  expect(kinds.filter((type) => !type.$ref || !resolved(type).enum)).toEqual([]);
});

test('When an operation is what others send, then openapi-generator leaves it out', () => {
  expect(received).toHaveLength(2);
  expect(received.filter((operation) => !operation['x-internal'])).toEqual([]);
});

test('When a request is described, then its body has one media type', () => {
  const several = operations.filter(({ requestBody }) => Object.keys(requestBody?.content ?? { one: 1 }).length !== 1);
  expect(several.map(({ operationId }) => operationId)).toEqual([]);
});

test('When an operation succeeds, then it answers with a body or says 204', () => {
  const bare = inPaths.flatMap(({ operationId, responses }) =>
    Object.entries(responses)
      .filter(([status, { content }]) => status.startsWith('2') && status !== '204' && !content)
      .map(([status]) => `${operationId} ${status}`),
  );
  // RFC 7009 wants 200, whose body means nothing.
  expect(bare).toEqual(['revokeToken 200']);
});

test('When an operation links to others, then no link has a body', () => {
  // openapi-generator refuses any that is not a text.
  const links = inPaths.flatMap(({ responses }) =>
    Object.values(responses).flatMap(({ links = {} }) => Object.values(links)),
  );
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => 'requestBody' in link)).toEqual([]);
});

test('When an operation is what others send, then its tag is not one of the API', () => {
  // openapi-generator writes one file for a tag, and the later one wins.
  const ofApi = new Set(inPaths.flatMap(({ tags }) => tags));
  expect(received.flatMap(({ tags }) => tags).filter((tag) => ofApi.has(tag))).toEqual([]);
});

test('When an event is sent, then a component describes it, and paths lead there', () => {
  const refs = (each: Operation[]) =>
    each.flatMap(({ requestBody }) => Object.values(requestBody!.content)).map(({ schema }) => schema.$ref);
  expect(new Set(refs(received))).toEqual(new Set(['#/components/schemas/CloudEvent']));
  // Clients in Go keep only what paths lead to.
  expect(inPaths.some(({ callbacks }) => callbacks)).toBe(true);
  expect(document.components.schemas.CloudEvent).toMatchObject({ discriminator: { propertyName: 'type' } });
});
