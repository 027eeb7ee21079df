import { NameTaken } from '../../db/name-taken.ts';
import type { UnitOfWork, Work } from '../../db/unit-of-work.ts';
import type { CatalogRefusal, Entry } from '../../domain/catalog/choices.ts';
import {
  createOptionGroup,
  faultsOfList,
  faultsOnProducts,
  type ListedOptionGroup,
  type NewOptionGroup,
  type OptionGroup,
  optionGroupAsOf,
} from '../../domain/catalog/option-group.ts';
import { createProduct, type NewProduct, type Product, productAsOf } from '../../domain/catalog/product.ts';
import { type ExpectedVersions, ofExpectedVersion, type VersionMismatch } from '../http/entity-tags.ts';

/** The product or option group after a request, or why the request was refused. */
export type CatalogResult<E> = E | CatalogRefusal | { refused: 'name_taken' } | VersionMismatch;

/** Returns the changed product or option group, or a refusal. */
export type Command<E> = (entry: E, now: string) => E | CatalogRefusal;

/**
 * Changes products and option groups, each change in one transaction.
 *
 * @param changed called whenever the catalog may have changed, before the response
 */
export function createCatalogService(unitOfWork: UnitOfWork, changed: () => void) {
  const commit = <E>(work: (repositories: Work) => Promise<CatalogResult<E>>): Promise<CatalogResult<E>> =>
    unitOfWork(work)
      .catch((error: unknown): CatalogResult<E> => {
        if (error instanceof NameTaken) return { refused: 'name_taken' };
        throw error;
      })
      .finally(changed);

  return {
    createProduct: (id: string, fields: NewProduct) =>
      commit<Product>(async (work) => {
        const refused = await refusalOfList(work, fields.optionGroups);
        if (refused) return refused;
        const product = createProduct(id, fields, new Date().toISOString());
        await work.products.save(product);
        return product;
      }),

    /** @param list the product's new list of option groups, if the command changes it */
    changeProduct: (id: string, expected: ExpectedVersions, command: Command<Product>, list?: ListedOptionGroup[]) =>
      commit<Product>(async (work) => {
        // Groups are always locked before products, so that concurrent changes do not deadlock.
        const refused = await refusalOfList(work, list);
        if (refused) return refused;
        const found = ofExpectedVersion(await work.products.findForUpdate(id), expected);
        if ('refused' in found) return found;
        const after = apply(command, found, productAsOf);
        if (!('refused' in after) && after !== found) await work.products.save(after);
        return after;
      }),

    createOptionGroup: (id: string, fields: NewOptionGroup) =>
      commit<OptionGroup>(async ({ optionGroups }) => {
        const group = createOptionGroup(id, fields, new Date().toISOString());
        if (!('refused' in group)) await optionGroups.save(group);
        return group;
      }),

    changeOptionGroup: (id: string, expected: ExpectedVersions, command: Command<OptionGroup>) =>
      commit<OptionGroup>(async ({ optionGroups, products }) => {
        const found = ofExpectedVersion(await optionGroups.findForUpdate(id), expected);
        if ('refused' in found) return found;
        const after = apply(command, found, optionGroupAsOf);
        if ('refused' in after || after === found) return after;
        if (after.min !== found.min || after.max !== found.max) {
          const faults = faultsOnProducts(after, await products.ownLimits(id));
          if (faults.length > 0) return { refused: 'invalid_request', faults };
        }
        await optionGroups.save(after);
        // The group appears in the products or disappears from them.
        if (after.deletedAt !== found.deletedAt) await products.touchAllWith(id, after.updatedAt);
        return after;
      }),
  };
}

export type CatalogService = ReturnType<typeof createCatalogService>;

/** Applies a command as of now. Returns `found` itself if the command changes nothing. */
function apply<E extends Entry>(command: Command<E>, found: E, asOf: (entry: E, now: string) => E): E | CatalogRefusal {
  const now = new Date().toISOString();
  const before = asOf(found, now);
  const after = command(before, now);
  return after === before ? found : after;
}

/** Locks the option groups of a product's new list. Returns the refusal of an invalid list. */
async function refusalOfList(
  { optionGroups }: Work,
  list: readonly ListedOptionGroup[] = [],
): Promise<CatalogRefusal | undefined> {
  if (list.length === 0) return undefined;
  const live = await optionGroups.findLiveForShare(list.map(({ id }) => id));
  const faults = faultsOfList(list, new Map(live.map((group) => [group.id, group])));
  return faults.length > 0 ? { refused: 'invalid_request', faults } : undefined;
}
