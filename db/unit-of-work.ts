import type { Database } from './connection.ts';
import { createProductRepository, type ProductRepository } from './products.ts';

/** The repositories that change together. */
export interface Work {
  products: ProductRepository;
}

/** Runs work in one transaction: all of it is kept, or, when it throws, nothing. */
export type UnitOfWork = <T>(work: (repositories: Work) => Promise<T>) => Promise<T>;

export function createUnitOfWork(database: Database): UnitOfWork {
  return (work) => database.transaction((transaction) => work({ products: createProductRepository(transaction) }));
}
