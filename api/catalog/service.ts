import { NameTaken, type ProductRepository } from '../../db/products.ts';
import type { UnitOfWork } from '../../db/unit-of-work.ts';
import { type CatalogRefusal, createProduct, type NewProduct, type Product } from '../../domain/catalog/product.ts';
import { type ExpectedVersions, ofExpectedVersion, type VersionMismatch } from '../http/entity-tags.ts';

/** The product after a request, or why the request was refused. */
export type ProductResult = Product | CatalogRefusal | { refused: 'name_taken' } | VersionMismatch;

/** Returns the changed product, or a refusal. */
export type ProductCommand = (product: Product, now: string) => Product | CatalogRefusal;

/**
 * Changes products, each change in one transaction.
 *
 * @param changed called whenever the catalog may have changed, before the response
 */
export function createCatalogService(unitOfWork: UnitOfWork, changed: () => void) {
  const commit = (work: (products: ProductRepository) => Promise<ProductResult>): Promise<ProductResult> =>
    unitOfWork(({ products }) => work(products))
      .catch((error: unknown): ProductResult => {
        if (error instanceof NameTaken) return { refused: 'name_taken' };
        throw error;
      })
      .finally(changed);

  return {
    create: (id: string, fields: NewProduct) =>
      commit(async (products) => {
        const product = createProduct(id, fields, new Date().toISOString());
        await products.save(product);
        return product;
      }),

    change: (id: string, expected: ExpectedVersions, command: ProductCommand) =>
      commit(async (products) => {
        const product = ofExpectedVersion(await products.findForUpdate(id), expected);
        if ('refused' in product) return product;
        const after = command(product, new Date().toISOString());
        if (!('refused' in after) && after !== product) await products.save(after);
        return after;
      }),
  };
}

export type CatalogService = ReturnType<typeof createCatalogService>;
