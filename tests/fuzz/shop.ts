import { connect } from '../../db/connection.ts';
import { type StandaloneShop, withStandaloneShop } from '../standalone-shop.ts';
import { createTestData, type Role, type TestData } from './test-data.ts';

/** A shop for the fuzzer. */
export interface FuzzedShop {
  url: string;
  /** Creates new data to fuzz, and signs in a new caller of this role. */
  createTestData(role: Role): Promise<TestData>;
}

/**
 * Opens a shop for the fuzzer.
 *
 * @param work called with the shop; afterwards the shop is stopped and its folder is deleted
 * @param signal ends the start early
 */
export function withFuzzedShop<Result>(
  work: (shop: FuzzedShop) => Promise<Result>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const inside = async ({ url, databaseUrl }: StandaloneShop) => {
    const database = connect(databaseUrl, { max: 2, name: 'crema-fuzz' });
    try {
      return await work({ url, createTestData: (role) => createTestData(role, url, database) });
    } finally {
      await database.destroy();
    }
  };
  return withStandaloneShop(inside, log, signal);
}
