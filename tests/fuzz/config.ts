import type { TestData } from './test-data.ts';

/**
 * Answers to a request that the document allows, such as 410 to a used link, 412 to an `If-Match`, and 422 to a key of another
 * request.
 */
const GOOD_REQUEST = ['2xx', '304', '401', '403', '404', '409', '410', '412', '422'];

/** Answers to a request that the document does not allow. */
const BAD_REQUEST = ['400', '401', '403', '404', '405', '413', '415'];

/** The dictionaries of existing ids, by path and parameter. Half of the requests use these ids, the others use unknown ids. */
const IDS: readonly { path: string; parameters: Record<string, keyof TestData['ids']> }[] = [
  { path: '^/v1/orders/\\{id\\}', parameters: { 'path.id': 'orders' } },
  { path: '^/v1/products/\\{id\\}', parameters: { 'path.id': 'products', 'path.variationId': 'variations' } },
  { path: '^/v1/option-groups/\\{id\\}', parameters: { 'path.id': 'optionGroups', 'path.optionId': 'options' } },
  { path: '^/v1/products', parameters: { 'body.optionGroups[*].id': 'optionGroups' } },
  { path: '^/v1/users/\\{id\\}', parameters: { 'path.id': 'users' } },
  { path: '^/v1/webhooks/\\{id\\}', parameters: { 'path.id': 'webhooks', 'path.deliveryId': 'deliveries' } },
  { path: '^/v1/orders(/quote)?$', parameters: { 'body.lines[*].productId': 'products' } },
];

// JSON strings and lists are also valid TOML.
const quoted = (value: unknown): string => JSON.stringify(value);

/**
 * Returns Schemathesis' settings for one kind of caller: all checks, all phases, and one worker, because several workers
 * interfere with each other in Python's parser.
 *
 * @param leftOut operations by `operationId`
 */
export function writeConfig({ token, ids }: TestData, leftOut: readonly string[]): string {
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
    // These operations authenticate clients in other ways and reject access tokens.
    ...(token === undefined ? [] : ['[[operations]]', 'include-tag = "Access"', 'enabled = false']),
    ...meaningful,
    '',
  ].join('\n');
}
