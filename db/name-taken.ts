import { isUniqueViolation } from './unique-violation.ts';

/**
 * The name is in use: by another product or option group that is not deleted, or by another variation or option of the same one.
 * Postgres compares the names (`name_key`). The error is thrown and not returned, so that the transaction is rolled back.
 */
export class NameTaken extends Error {
  override name = 'NameTaken';
}

/** Writes named rows. @throws {NameTaken} */
export async function writeNamed(name: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (isUniqueViolation(error)) throw new NameTaken(name);
    throw error;
  }
}
