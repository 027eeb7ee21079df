import type { Choice } from '../../domain/catalog/choices.ts';
import { type OptionGroup, optionGroupAsOf } from '../../domain/catalog/option-group.ts';
import { type Product, productAsOf } from '../../domain/catalog/product.ts';
import { invalidRequest, Problem } from '../http/problem.ts';
import { toPointer } from '../http/request-input.ts';
import type { CatalogResult } from './service.ts';

/** A resource, and whether it has changed since its last write, because a sold-out item is available again. */
interface Shown<Body> {
  body: Body;
  changedByTime: boolean;
}

/** Returns the resource of a product as of now. @param includeDeleted whether it has its deleted variations */
export function showProduct(product: Product, includeDeleted = false) {
  const shown = productAsOf(product, new Date().toISOString());
  const body = {
    ...shown,
    variations: visible(shown.variations, includeDeleted),
    optionGroups: shown.optionGroups.filter(({ isDeleted }) => !isDeleted).map(({ isDeleted: _, ...listed }) => listed),
  };
  return { body, changedByTime: shown !== product } satisfies Shown<Product>;
}

/** Returns the resource of an option group as of now. @param includeDeleted whether it has its deleted options */
export function showOptionGroup(group: OptionGroup, includeDeleted = false) {
  const shown = optionGroupAsOf(group, new Date().toISOString());
  const { currency: _, ...fields } = shown;
  const body = { ...fields, options: visible(shown.options, includeDeleted) };
  return { body, changedByTime: shown !== group } satisfies Shown<unknown>;
}

const visible = (choices: Choice[], includeDeleted: boolean): Choice[] =>
  choices.filter(({ deletedAt }) => includeDeleted || !deletedAt);

/** @throws {Problem} if the request was refused */
export function orProblem<E extends object>(result: CatalogResult<E>): E {
  if (!('refused' in result)) return result;
  const { refused, ...extra } = result;
  if ('faults' in result)
    throw invalidRequest(result.faults.map(({ path, detail }) => ({ pointer: toPointer(path.map(String)), detail })));
  throw new Problem(refused, { extra });
}
