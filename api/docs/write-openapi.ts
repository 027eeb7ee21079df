import { allRoutes, type RouteDependencies } from '../routes.ts';
import { SHOP, writeOrCheck } from './document-file.ts';
import { describeApi } from './openapi.ts';

// Writes openapi.yaml. With --check, fails if the file is outdated.

// The routes have no real dependencies here, because only handlers use these, and this script calls no handler.
const dependencies = { currency: SHOP.currency } as RouteDependencies;
writeOrCheck(
  'openapi.yaml',
  describeApi(allRoutes(dependencies), { passwordGrant: true, shop: SHOP }),
  'npm run openapi',
);
