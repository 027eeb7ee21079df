import { createConfig, lintFromString } from '@redocly/openapi-core';

/** What a validator says of an AsyncAPI document. */
export async function asyncApiFaults(document: object): Promise<string[]> {
  const config = await createConfig({
    extends: ['recommended-strict'],
    // What stands beside a reference is for people.
    rules: { 'spec-ref-siblings': 'off' },
  });
  const found = await lintFromString({ source: JSON.stringify(document), absoluteRef: 'asyncapi.json', config });
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`);
}
