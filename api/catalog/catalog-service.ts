import { NameTaken } from '../../db/products.ts';
import type { UnitOfWork } from '../../db/unit-of-work.ts';
import { type CatalogRefusal, createProduct, type NewProduct, type Product } from '../../domain/catalog/product.ts';

/** Why a change to the catalog was refused. */
export type Refused = CatalogRefusal | { refused: 'version_mismatch'; version: number };

/** One command on a product: the product after it, or a refusal. The domain's functions are such. */
export type ProductCommand = (product: Product, now: string) => Product | CatalogRefusal;

/** Managers' changes to the catalog, each in one transaction. */
export interface CatalogService {
  create(id: string, fields: NewProduct): Promise<Product | Refused>;
  /** @param expectedVersion refuses when the product is at another one */
  change(id: string, expectedVersion: number | undefined, command: ProductCommand): Promise<Product | Refused>;
}

export function createCatalogService(unitOfWork: UnitOfWork): CatalogService {
  const create: CatalogService['create'] = (id, fields) =>
    refusingTakenNames(() =>
      unitOfWork(async ({ products }) => {
        const product = createProduct(id, fields, new Date().toISOString());
        await products.save(product);
        return product;
      }),
    );

  const change: CatalogService['change'] = (id, expectedVersion, command) =>
    refusingTakenNames(() =>
      unitOfWork(async ({ products }) => {
        const product = await products.findForUpdate(id);
        if (!product) return { refused: 'not_found' };
        if (expectedVersion !== undefined && expectedVersion !== product.version) {
          return { refused: 'version_mismatch', version: product.version };
        }
        const changed = command(product, new Date().toISOString());
        if (!('refused' in changed) && changed !== product) await products.save(changed);
        return changed;
      }),
    );

  return { create, change };
}

async function refusingTakenNames(work: () => Promise<Product | Refused>): Promise<Product | Refused> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NameTaken) return { refused: 'name_taken' };
    throw error;
  }
}
