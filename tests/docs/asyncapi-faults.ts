import { createConfig, lintFromString } from '@redocly/openapi-core';

/** Returns the faults that a validator finds in an AsyncAPI document. */
export async function asyncApiFaults(document: object): Promise<string[]> {
  const config = await createConfig({
    extends: ['recommended-strict'],
    // Allow descriptions beside references, which the document contains.
    rules: { 'spec-ref-siblings': 'off' },
  });
  const found = await lintFromString({ source: JSON.stringify(document), absoluteRef: 'asyncapi.json', config });
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`);
}
