import type { World } from './shop.ts';

/** Answers to a request that the document allows: 410 to a link that was used, 412 to `If-Match`, 422 to a key that means another request. */
const GOOD_REQUEST = ['2xx', '304', '401', '403', '404', '409', '410', '412', '422'];

/** Answers to one that it does not allow. */
const BAD_REQUEST = ['400', '401', '403', '404', '405', '413', '415'];

/** Which ids make sense where; half of the time, so that unknown ones have their turn. */
const IDS: readonly { path: string; parameters: Record<string, keyof World['ids']> }[] = [
  { path: '^/v1/orders/\\{id\\}', parameters: { 'path.id': 'orders' } },
  { path: '^/v1/products/\\{id\\}', parameters: { 'path.id': 'products', 'path.variationId': 'variations' } },
  { path: '^/v1/users/\\{id\\}', parameters: { 'path.id': 'users' } },
  { path: '^/v1/webhooks/\\{id\\}', parameters: { 'path.id': 'webhooks', 'path.deliveryId': 'deliveries' } },
  { path: '^/v1/orders(/quote)?$', parameters: { 'body.lines[*].productId': 'products' } },
];

// What JSON writes of texts and lists, TOML reads.
const quoted = (value: unknown): string => JSON.stringify(value);

/**
 * Schemathesis' settings for one kind of caller: all checks, all phases, one worker (its own threads get into each other's way
 * in Python's parser).
 *
 * @param leftOut operations by `operationId`
 */
export function writeConfig({ token, ids }: World, leftOut: readonly string[]): string {
  const dictionaries = Object.entries(ids).flatMap(([name, values]) => [
    `[dictionaries.${name}]`,
    `values = ${quoted(values)}`,
  ]);
  const meaningful = IDS.flatMap(({ path, parameters }) => [
    '[[operations]]',
    `include-path-regex = ${quoted(path)}`,
    '[operations.parameters]',
    ...Object.entries(parameters).map(
      ([name, dictionary]) => `${quoted(name)} = { dictionary = "${dictionary}", probability = 0.5 }`,
    ),
  ]);
  return [
    'workers = 1',
    ...(token === undefined ? [] : [`headers = { Authorization = "Bearer ${token}" }`]),
    '[phases.examples]',
    'fill-missing = true',
    '[checks.positive_data_acceptance]',
    `expected-statuses = ${quoted(GOOD_REQUEST)}`,
    '[checks.negative_data_rejection]',
    `expected-statuses = ${quoted(BAD_REQUEST)}`,
    ...dictionaries,
    '[[operations]]',
    `include-operation-id = ${quoted(leftOut)}`,
    'enabled = false',
    // Clients say who they are in other ways there, and a bearer's token is refused.
    ...(token === undefined ? [] : ['[[operations]]', 'include-tag = "Access"', 'enabled = false']),
    ...meaningful,
    '',
  ].join('\n');
}
