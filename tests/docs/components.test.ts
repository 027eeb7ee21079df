import { SHOP } from '../../api/docs/document-file.ts';
import { describeApi } from '../../api/docs/openapi.ts';
import { allRoutes, type RouteDependencies } from '../../api/routes.ts';
import { eventTypes } from '../../domain/order/order.ts';

// The rules of ADR 22, so that client generators give types good names.

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

/** The schemas in operations and shared responses, by place. */
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

/** Returns these schemas and all schemas below them. */
const everything = (schemas: [string, Schema][]): [string, Schema][] =>
  schemas.flatMap(([place, schema]) => [[place, schema], ...everything(below(place, schema))]);

const named = Object.entries(document.components.schemas);

/** Returns the component that a schema refers to, or the schema itself. */
const resolved = (schema: Schema): Schema =>
  document.components.schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
const belowNamed = named.flatMap(([name, schema]) => below(name, schema));
const isNull = ({ type }: Schema) => type === 'null';

/** Returns whether a schema is an object with fields, an enum or a union, without a name. A nullable named schema is not. */
function isAnonymous({ properties, enum: values, anyOf, oneOf, allOf }: Schema): boolean {
  const choices = [...(anyOf ?? []), ...(oneOf ?? []), ...(allOf ?? [])];
  const isNullable = choices.length === 2 && choices.filter(isNull).length === 1 && choices.some(({ $ref }) => $ref);
  // A single value is a constant, which needs no name.
  return properties !== undefined || (values?.length ?? 0) > 1 || (choices.length > 0 && !isNullable);
}

const placesOf = (schemas: [string, Schema][], is: (schema: Schema) => boolean) =>
  everything(schemas)
    .filter(([, schema]) => is(schema))
    .map(([place]) => place);

test('every object, enum and union is a named component', () => {
  // The Rust client of openapi-generator does not compile with a named enum in a form.
  expect(placesOf([...used, ...belowNamed], isAnonymous)).toEqual(['TokenRequest.grant_type']);
});

test('an enum in a form has no name', () => {
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
])('the check finds %s without a name', (_what, schema) => {
  expect(placesOf(below('Some', schema), isAnonymous)).toHaveLength(1);
});

test('schemas and shared responses have different names', () => {
  // Go clients have one namespace for both.
  const names = [...Object.keys(document.components.schemas), ...Object.keys(document.components.responses)];
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  // Schemas that differ between requests and responses.
  expect(names.filter((name) => name.endsWith('Output'))).toEqual([]);
});

test('every constant is a string', () => {
  // Java clients generate an enum of strings.
  const isOther = (schema: Schema) => schema.const !== undefined && typeof schema.const !== 'string';
  expect(placesOf([...used, ...named], isOther)).toEqual([]);
});

test('the default of a request field is only in its description', () => {
  const schemas = [...named, ...operations.flatMap((each) => schemasOf(each.operationId, each.requestBody?.content))];
  expect(placesOf(schemas, (schema) => schema.default !== undefined)).toEqual([]);
  const defaults = everything(named).flatMap(([place, { description = '' }]) =>
    description.includes('Default: ') ? [`${place}: ${description.slice(description.indexOf('Default: '))}`] : [],
  );
  expect(defaults.sort()).toEqual([
    'Invitation.role: Default: customer.',
    'OptionGroupRequest.max: Default: 1.',
    'OptionGroupRequest.min: Default: 0.',
    'OptionGroupRequest.position: Default: 0.',
    'OptionRequest.available: Default: true.',
    'OptionRequest.position: Default: 0.',
    'OrderOptionRequest.quantity: Default: 1.',
    'OrderRequest.location: Default: take_away.',
    'ProductRequest.allergens: Default: empty.',
    'ProductRequest.available: Default: true.',
    'ProductRequest.category: Default: null.',
    'ProductRequest.description: Default: empty.',
    'ProductRequest.imageUrl: Default: null.',
    'ProductRequest.optionGroups: Default: empty.',
    'ProductRequest.position: Default: 0.',
    'VariationRequest.available: Default: true.',
    'VariationRequest.position: Default: 0.',
    'WebhookRequest.description: Default: empty.',
    'WebhookRequest.enabled: Default: true.',
    `WebhookRequest.events: Default: ${eventTypes.join(', ')}.`,
  ]);
});

test('a request field with a default is not required', () => {
  const needed = named.flatMap(([name, { required = [], properties = {} }]) =>
    required
      .filter((field) => properties[field]?.description?.includes('Default: '))
      .map((field) => `${name}.${field}`),
  );
  expect(needed).toEqual([]);
});

test('the alternatives of a union exclude each other', () => {
  // ogen supports no other unions.
  const isLoose = ({ anyOf }: Schema) => anyOf !== undefined && !anyOf.some(isNull);
  expect(placesOf([...used, ...named], isLoose)).toEqual([]);
});

test('no list has uniqueItems', () => {
  // Some generators turn a list with `uniqueItems` into a set.
  expect(placesOf([...used, ...named], ({ uniqueItems }) => uniqueItems !== undefined)).toEqual([]);
});

test('no schema has the name of a constructor in Go', () => {
  // openapi-generator writes a constructor `NewOrder` for `Order`.
  const names = named.map(([name]) => name);
  expect(names.filter((name) => name.startsWith('New'))).toEqual([]);
});

test('the type of each kind of event is a named enum', () => {
  // The Go client of openapi-generator ignores constants.
  const kinds = document.components.schemas.CloudEvent!.oneOf!.map((kind) => resolved(kind).properties!.type!);
  expect(kinds).toHaveLength(2);
  expect(kinds.filter((type) => !type.$ref || !resolved(type).enum)).toEqual([]);
});

test('openapi-generator omits the operations of webhooks', () => {
  expect(received).toHaveLength(2);
  expect(received.filter((operation) => !operation['x-internal'])).toEqual([]);
});

test('every request body has one media type', () => {
  const several = operations.filter(({ requestBody }) => Object.keys(requestBody?.content ?? { one: 1 }).length !== 1);
  expect(several.map(({ operationId }) => operationId)).toEqual([]);
});

test('every success has a body or is 204', () => {
  const bare = inPaths.flatMap(({ operationId, responses }) =>
    Object.entries(responses)
      .filter(([status, { content }]) => status.startsWith('2') && status !== '204' && !content)
      .map(([status]) => `${operationId} ${status}`),
  );
  // RFC 7009 requires a 200, whose body is ignored.
  expect(bare).toEqual(['revokeToken 200']);
});

test('no link has a body', () => {
  // openapi-generator rejects bodies that are not strings.
  const links = inPaths.flatMap(({ responses }) =>
    Object.values(responses).flatMap(({ links = {} }) => Object.values(links)),
  );
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => 'requestBody' in link)).toEqual([]);
});

test('the operations of webhooks have a tag of their own', () => {
  // openapi-generator writes one file per tag, and overwrites files of the same tag.
  const ofApi = new Set(inPaths.flatMap(({ tags }) => tags));
  expect(received.flatMap(({ tags }) => tags).filter((tag) => ofApi.has(tag))).toEqual([]);
});

test('a component that paths refer to describes every sent event', () => {
  const refs = (each: Operation[]) =>
    each.flatMap(({ requestBody }) => Object.values(requestBody!.content)).map(({ schema }) => schema.$ref);
  expect(new Set(refs(received))).toEqual(new Set(['#/components/schemas/CloudEvent']));
  // Go clients contain only components that paths refer to.
  expect(inPaths.some(({ callbacks }) => callbacks)).toBe(true);
  expect(document.components.schemas.CloudEvent).toMatchObject({ discriminator: { propertyName: 'type' } });
});
