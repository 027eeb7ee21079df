import { writeOrCheck } from './document-file.ts';
import { describeApi } from './openapi.ts';
import { allRoutes, type RouteDependencies } from './routes/index.ts';

// Writes openapi.yaml from the routes; with --check, says whether it is what the routes are.
// Only handlers touch their dependencies, and none runs here. The shop's currency is its default one.
const dependencies = { currency: 'USD' } as RouteDependencies;
writeOrCheck('openapi.yaml', describeApi(allRoutes(dependencies), { passwordGrant: true }), 'npm run openapi');
