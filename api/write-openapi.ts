import { readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { describeApi } from './openapi.ts';
import { allRoutes, type RouteDependencies } from './routes/index.ts';

// Writes openapi.yaml from the routes; with --check, says whether it is what the routes are.
const FILE = 'openapi.yaml';
// Only handlers touch their dependencies, and none runs here. The shop's currency is its default one.
const dependencies = { currency: 'USD' } as RouteDependencies;
const text = stringify(describeApi(allRoutes(dependencies), { passwordGrant: true }), { aliasDuplicateObjects: false });
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, 'utf8') !== text) {
  console.error(`${FILE} is not what the code says; run \`npm run openapi\` and commit it.`);
  process.exitCode = 1;
}
