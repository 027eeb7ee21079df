import { allRoutes, type RouteDependencies } from '../routes.ts';
import { SHOP, writeOrCheck } from './document-file.ts';
import { describeApi } from './openapi.ts';

// Writes openapi.yaml from the routes; with --check, says whether it is what the routes are.
// Only handlers touch their dependencies, and none runs here.
const dependencies = { currency: SHOP.currency } as RouteDependencies;
writeOrCheck(
  'openapi.yaml',
  describeApi(allRoutes(dependencies), { passwordGrant: true, shop: SHOP }),
  'npm run openapi',
);
