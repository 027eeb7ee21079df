import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ProductRepository } from '../../db/products.ts';
import {
  addVariation,
  changeProduct,
  changeVariation,
  deleteProduct,
  deleteVariation,
  type Product,
  restoreProduct,
  restoreVariation,
} from '../../domain/catalog/product.ts';
import { latteId, vanillaId } from '../docs/examples.ts';
import { etagOf, matchesIfNoneMatch } from '../http/entity-tags.ts';
import { Problem } from '../http/problem.ts';
import { callerOf, linksTo, type Route, type RouteResponse, route } from '../http/route.ts';
import { id, ifMatch, ifNoneMatch } from '../http/schemas.ts';
import { AVAILABILITY, changingItems, checkFields } from './availability.ts';
import { orProblem, showProduct } from './resources.ts';
import { type CatalogInput, product, productList } from './schemas.ts';
import type { CatalogResult, CatalogService, Command } from './service.ts';

interface Dependencies {
  products: ProductRepository;
  catalogService: CatalogService;
  input: CatalogInput;
}

// This is an `example`, because Swagger UI does not fill in a list of `examples`. Every seeded shop has the Latte.
const params = z.object({ id: id.meta({ example: latteId }) });
const query = z.strictObject({
  include: z.literal('deleted').optional().meta({ description: '`deleted`: include deleted products and variations' }),
});
const ETag = 'The version of the product and its variations, for `If-Match`';
const links = linksTo({ id: '$response.body#/id' }, 'getProduct', 'changeProduct', 'addVariation', 'deleteProduct');
const linksOfVariation = (variationId: string) =>
  linksTo({ id: '$response.body#/id', variationId }, 'changeVariation', 'deleteVariation', 'restoreVariation');
const changed = { description: 'The changed product', body: product, headers: { ETag }, links };

const shared = { tag: 'Products', access: { to: ['manager'], scope: 'catalog:write' } } as const;
const onProduct = {
  ...shared,
  params,
  headers: z.object({ 'if-match': ifMatch }),
  responses: { 200: changed },
  problems: ['not_found', 'name_taken', 'version_mismatch'],
} as const;
const onVariation = {
  ...onProduct,
  params: params.extend({ variationId: id.meta({ example: vanillaId }) }),
  responses: { 200: { ...changed, links: { ...links, ...linksOfVariation('$request.path.variationId') } } },
} as const;

/** The products and variations of the catalog. Deleted products and variations can be restored. */
export function productRoutes(dependencies: Dependencies): Route[] {
  return [...readingAndCreating(dependencies), ...changingProducts(dependencies), ...changingVariations(dependencies)];
}

const readingAndCreating = ({ products, catalogService, input }: Dependencies): Route[] => [
  route({
    ...shared,
    method: 'get',
    path: '/v1/products',
    operationId: 'listProducts',
    summary: 'List products',
    query,
    responses: { 200: { description: 'All products, by position', body: productList } },
    handle: async ({ query }) => {
      const includeDeleted = query.include === 'deleted';
      const data = (await products.list({ includeDeleted })).map((each) => showProduct(each, includeDeleted).body);
      return { status: 200, body: { data } };
    },
  }),
  route({
    ...shared,
    method: 'post',
    path: '/v1/products',
    operationId: 'createProduct',
    summary: 'Create a product',
    body: input.productRequest,
    responses: {
      201: { ...changed, description: 'The new product', headers: { ETag, Location: 'The path of the product' } },
    },
    problems: ['name_taken'],
    handle: async ({ body }) => {
      const created = orProblem(await catalogService.createProduct(randomUUID(), body));
      const { headers, ...rest } = answer(created);
      return { ...rest, status: 201, headers: { ...headers, location: `/v1/products/${created.id}` } };
    },
  }),
  route({
    ...shared,
    method: 'get',
    path: '/v1/products/{id}',
    operationId: 'getProduct',
    summary: 'Get a product',
    params,
    query,
    headers: z.object({ 'if-none-match': ifNoneMatch }),
    responses: {
      200: { description: 'The product', body: product, headers: { ETag } },
      304: { description: 'Not modified', headers: { ETag } },
    },
    problems: ['not_found'],
    handle: async ({ params, query, headers }) => {
      const includeDeleted = query.include === 'deleted';
      const found = await products.find(params.id);
      if (!found || (found.deletedAt && !includeDeleted)) throw new Problem('not_found');
      const etag = etagOf(found);
      const { body, changedByTime } = showProduct(found, includeDeleted);
      // A 304 would hide the change.
      if (!changedByTime && matchesIfNoneMatch(headers['if-none-match'], etag))
        return { status: 304, headers: { etag } };
      return { status: 200, headers: { etag }, body };
    },
  }),
];

const changingProducts = ({ catalogService, input }: Dependencies): Route[] => [
  route({
    ...onProduct,
    method: 'patch',
    path: '/v1/products/{id}',
    operationId: 'changeProduct',
    summary: 'Change a product',
    description: AVAILABILITY,
    access: changingItems,
    body: input.productChange,
    handle: async ({ params: { id }, headers, body, ...request }) => {
      checkFields(callerOf(request), body);
      const change: Command<Product> = (product, now) => changeProduct(product, body, now);
      return answer(await catalogService.changeProduct(id, headers['if-match'], change, body.optionGroups));
    },
  }),
  route({
    ...onProduct,
    method: 'delete',
    path: '/v1/products/{id}',
    operationId: 'deleteProduct',
    summary: 'Delete a product and its variations',
    description: 'Existing orders do not change. A deleted product can be restored.',
    responses: { 204: { description: 'Deleted', links: linksTo({ id: '$request.path.id' }, 'restoreProduct') } },
    problems: ['not_found', 'version_mismatch'],
    handle: async ({ params: { id }, headers }) => {
      orProblem(await catalogService.changeProduct(id, headers['if-match'], deleteProduct));
      return { status: 204 };
    },
  }),
  route({
    ...onProduct,
    method: 'post',
    path: '/v1/products/{id}/restore',
    operationId: 'restoreProduct',
    summary: 'Restore a deleted product',
    handle: async ({ params: { id }, headers }) =>
      answer(await catalogService.changeProduct(id, headers['if-match'], restoreProduct)),
  }),
];

const changingVariations = ({ catalogService, input }: Dependencies): Route[] => [
  route({
    ...onProduct,
    method: 'post',
    path: '/v1/products/{id}/variations',
    operationId: 'addVariation',
    summary: 'Add a variation to a product',
    body: input.variationRequest,
    responses: {
      201: {
        ...changed,
        description: 'The product with its new variation',
        links: { ...links, ...linksOfVariation('$response.body#/variations/0/id') },
      },
    },
    handle: async ({ params: { id }, headers, body }) => {
      const add: Command<Product> = (product, now) => addVariation(product, randomUUID(), body, now);
      return { ...answer(await catalogService.changeProduct(id, headers['if-match'], add)), status: 201 };
    },
  }),
  route({
    ...onVariation,
    method: 'patch',
    path: '/v1/products/{id}/variations/{variationId}',
    operationId: 'changeVariation',
    summary: 'Change a variation',
    description: AVAILABILITY,
    access: changingItems,
    body: input.variationChange,
    handle: async ({ params: { id, variationId }, headers, body, ...request }) => {
      checkFields(callerOf(request), body);
      const change: Command<Product> = (product, now) => changeVariation(product, variationId, body, now);
      return answer(await catalogService.changeProduct(id, headers['if-match'], change));
    },
  }),
  route({
    ...onVariation,
    method: 'delete',
    path: '/v1/products/{id}/variations/{variationId}',
    operationId: 'deleteVariation',
    summary: 'Delete a variation',
    problems: ['not_found', 'version_mismatch'],
    handle: async ({ params: { id, variationId }, headers }) => {
      const remove: Command<Product> = (product, now) => deleteVariation(product, variationId, now);
      return answer(await catalogService.changeProduct(id, headers['if-match'], remove));
    },
  }),
  route({
    ...onVariation,
    method: 'post',
    path: '/v1/products/{id}/variations/{variationId}/restore',
    operationId: 'restoreVariation',
    summary: 'Restore a deleted variation',
    handle: async ({ params: { id, variationId }, headers }) => {
      const restore: Command<Product> = (product, now) => restoreVariation(product, variationId, now);
      return answer(await catalogService.changeProduct(id, headers['if-match'], restore));
    },
  }),
];

function answer(result: CatalogResult<Product>): RouteResponse {
  const product = orProblem(result);
  return { status: 200, headers: { etag: etagOf(product) }, body: showProduct(product).body };
}
