import { SHOP } from '../../api/docs/document-file.ts';
import { latteId, oatId, vanillaId } from '../../api/docs/examples.ts';
import { describeApi } from '../../api/docs/openapi.ts';
import { allRoutes, type RouteDependencies } from '../../api/routes.ts';
import type { Shop } from '../shop.ts';

interface Operation {
  operationId: string;
  /** Empty for an operation that needs no token. */
  security: object[];
  parameters?: { name: string; in: string; schema: { type?: string } }[];
  requestBody?: {
    content: Record<
      string,
      { schema: { $ref?: string }; examples?: Record<string, { value: Record<string, string> }> }
    >;
  };
}

const document = describeApi(allRoutes({ currency: SHOP.currency } as RouteDependencies), {
  passwordGrant: true,
  shop: SHOP,
}) as unknown as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { examples: unknown[] }> };
};

/** Every documented operation, with the example of its body. */
export const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const { $ref } = operation.requestBody?.content['application/json']?.schema ?? {};
    const example = $ref && document.components.schemas[$ref.split('/').at(-1)!]!.examples[0];
    return { ...operation, path, method: method.toUpperCase(), name: `${method.toUpperCase()} ${path}`, example };
  }),
);
export type AnyOperation = (typeof operations)[number];

/** Operations that a customer calls. The others are called by a manager. */
const forCustomers = ['placeOrder', 'quoteOrder', 'editOrder'];

/**
 * Sends requests to any operation as an allowed caller.
 *
 * @param orderId the order in paths, unless other parameters are given
 */
export const askerOf =
  (shop: Shop, orderId: string) =>
  ({ operationId, path, method }: AnyOperation, body: unknown, given: Record<string, string> = {}, query = '') => {
    const ids: Record<string, string> = {
      id: path.startsWith('/v1/orders/') ? orderId : latteId,
      variationId: vanillaId,
      optionId: oatId,
      deliveryId: vanillaId,
      ...given,
    };
    const as = forCustomers.includes(operationId) ? shop.customer : shop.manager;
    const filled = path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(ids[name]!));
    return shop.request(method, `${filled}${query}`, { as, ...(body !== undefined && { body }) });
  };
