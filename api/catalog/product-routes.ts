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
import type { Access } from '../http/access.ts';
import { type ExpectedVersions, etagOf, matchesIfNoneMatch } from '../http/entity-tags.ts';
import { Problem } from '../http/problem.ts';
import { linksTo, type Route, type RouteResponse, route } from '../http/route.ts';
import { id, ifMatch, ifNoneMatch } from '../http/schemas.ts';
import { catalogInput, product, productList } from './schemas.ts';
import type { CatalogService, ProductCommand, Refused } from './service.ts';

interface Dependencies {
  products: ProductRepository;
  catalogService: CatalogService;
  currency: string;
}

const access: Access = { to: ['manager'], scope: 'catalog:write' };
const tag = 'Products';
// Swagger UI fills in an `example`, but not a list of `examples`. Every seeded shop has the Latte.
const productId = id.meta({ example: latteId });
const params = z.object({ id: productId });
const variationParams = z.object({ id: productId, variationId: id.meta({ example: vanillaId }) });
const headers = z.object({ 'if-match': ifMatch });
const query = z.strictObject({
  include: z.literal('deleted').optional().meta({ description: '`deleted`: include deleted products and variations' }),
});
const ETag = 'The version of the product and its variations, for `If-Match`';
const links = linksTo({ id: '$response.body#/id' }, 'getProduct', 'changeProduct', 'addVariation', 'deleteProduct');
const linksOfVariation = (variationId: string) =>
  linksTo({ id: '$response.body#/id', variationId }, 'changeVariation', 'deleteVariation', 'restoreVariation');
const changed = { 200: { description: 'The changed product', body: product, headers: { ETag }, links } };
const changedVariation = {
  200: { ...changed[200], links: { ...links, ...linksOfVariation('$request.path.variationId') } },
};
const gone = { 204: { description: 'Deleted', links: linksTo({ id: '$request.path.id' }, 'restoreProduct') } };

/** A request that changes a product. */
interface ChangeRequest {
  params: { id: string };
  headers: { 'if-match'?: ExpectedVersions };
}

type Change = (request: ChangeRequest, command: ProductCommand) => Promise<Product>;

/** The catalog, for managers: products and their variations. A deleted one can be restored. */
export function productRoutes({ products, catalogService, currency }: Dependencies): Route[] {
  const input = catalogInput(currency);
  const change: Change = async ({ params: { id }, headers }, command) =>
    orProblem(await catalogService.change(id, headers['if-match'], command));
  return [
    ...readingAndCreating({ products, catalogService }, input),
    ...changingProducts(change, input),
    ...changingVariations(change, input),
  ];
}

type Input = ReturnType<typeof catalogInput>;

function readingAndCreating(
  { products, catalogService }: Pick<Dependencies, 'products' | 'catalogService'>,
  input: Input,
): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/products',
      operationId: 'listProducts',
      tag,
      summary: 'List products',
      access,
      query,
      responses: { 200: { description: 'All products, by position', body: productList } },
      handle: async ({ query }) => {
        const includeDeleted = query.include === 'deleted';
        const data = (await products.list({ includeDeleted })).map((each) => shown(each, includeDeleted));
        return { status: 200, body: { data } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/products',
      operationId: 'createProduct',
      tag,
      summary: 'Create a product',
      access,
      body: input.productRequest,
      responses: {
        201: {
          description: 'The new product',
          body: product,
          headers: { ETag, Location: 'The path of the product' },
          links,
        },
      },
      problems: ['name_taken'],
      handle: async ({ body }) => {
        const created = orProblem(await catalogService.create(randomUUID(), body));
        return {
          ...answer(created),
          status: 201,
          headers: { etag: etagOf(created), location: `/v1/products/${created.id}` },
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/products/{id}',
      operationId: 'getProduct',
      tag,
      summary: 'Get a product',
      access,
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
        if (matchesIfNoneMatch(headers['if-none-match'], etag)) return { status: 304, headers: { etag } };
        return { ...answer(found), body: shown(found, includeDeleted) };
      },
    }),
  ];
}

function changingProducts(change: Change, input: Input): Route[] {
  return [
    route({
      method: 'patch',
      path: '/v1/products/{id}',
      operationId: 'changeProduct',
      tag,
      summary: 'Change a product',
      access,
      params,
      headers,
      body: input.productChange,
      responses: changed,
      problems: ['not_found', 'name_taken', 'version_mismatch'],
      handle: async (request) =>
        answer(await change(request, (product, now) => changeProduct(product, request.body, now))),
    }),
    route({
      method: 'delete',
      path: '/v1/products/{id}',
      operationId: 'deleteProduct',
      tag,
      summary: 'Delete a product and its variations',
      description: 'Existing orders do not change. A deleted product can be restored.',
      access,
      params,
      headers,
      responses: gone,
      problems: ['not_found', 'version_mismatch'],
      handle: async (request) => {
        await change(request, deleteProduct);
        return { status: 204 };
      },
    }),
    route({
      method: 'post',
      path: '/v1/products/{id}/restore',
      operationId: 'restoreProduct',
      tag,
      summary: 'Restore a deleted product',
      access,
      params,
      headers,
      responses: changed,
      problems: ['not_found', 'name_taken', 'version_mismatch'],
      handle: async (request) => answer(await change(request, restoreProduct)),
    }),
  ];
}

function changingVariations(change: Change, input: Input): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/products/{id}/variations',
      operationId: 'addVariation',
      tag,
      summary: 'Add a variation to a product',
      access,
      params,
      headers,
      body: input.variationRequest,
      responses: {
        201: {
          ...changed[200],
          description: 'The product with its new variation',
          links: { ...links, ...linksOfVariation('$response.body#/variations/0/id') },
        },
      },
      problems: ['not_found', 'name_taken', 'version_mismatch'],
      handle: async (request) => {
        const product = await change(request, (product, now) => addVariation(product, randomUUID(), request.body, now));
        return { ...answer(product), status: 201 };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/products/{id}/variations/{variationId}',
      operationId: 'changeVariation',
      tag,
      summary: 'Change a variation',
      access,
      params: variationParams,
      headers,
      body: input.variationChange,
      responses: changedVariation,
      problems: ['not_found', 'name_taken', 'version_mismatch'],
      handle: async (request) => {
        const { variationId } = request.params;
        return answer(
          await change(request, (product, now) => changeVariation(product, variationId, request.body, now)),
        );
      },
    }),
    route({
      method: 'delete',
      path: '/v1/products/{id}/variations/{variationId}',
      operationId: 'deleteVariation',
      tag,
      summary: 'Delete a variation',
      access,
      params: variationParams,
      headers,
      responses: changedVariation,
      problems: ['not_found', 'version_mismatch'],
      handle: async (request) => {
        const { variationId } = request.params;
        return answer(await change(request, (product, now) => deleteVariation(product, variationId, now)));
      },
    }),
    route({
      method: 'post',
      path: '/v1/products/{id}/variations/{variationId}/restore',
      operationId: 'restoreVariation',
      tag,
      summary: 'Restore a deleted variation',
      access,
      params: variationParams,
      headers,
      responses: changedVariation,
      problems: ['not_found', 'name_taken', 'version_mismatch'],
      handle: async (request) => {
        const { variationId } = request.params;
        return answer(await change(request, (product, now) => restoreVariation(product, variationId, now)));
      },
    }),
  ];
}

function orProblem(result: Product | Refused): Product {
  if (!('refused' in result)) return result;
  const { refused, ...extra } = result;
  throw new Problem(refused, { extra });
}

const answer = (product: Product): RouteResponse => ({
  status: 200,
  headers: { etag: etagOf(product) },
  body: shown(product, false),
});

/** Returns a product without its deleted variations, unless the request includes them. */
const shown = (product: Product, includeDeleted: boolean): Product => ({
  ...product,
  variations: product.variations.filter(({ deletedAt }) => includeDeleted || !deletedAt),
});
