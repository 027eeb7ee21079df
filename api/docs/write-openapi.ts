import { allRoutes, type RouteDependencies } from '../routes.ts';
import { SHOP, writeOrCheck } from './document-file.ts';
import { describeApi } from './openapi.ts';

// Writes openapi.yaml. With --check, fails if the file is outdated.

// Only handlers use the dependencies, and no handler runs here.
const dependencies = { currency: SHOP.currency } as RouteDependencies;
writeOrCheck(
  'openapi.yaml',
  describeApi(allRoutes(dependencies), { passwordGrant: true, shop: SHOP }),
  'npm run openapi',
);
