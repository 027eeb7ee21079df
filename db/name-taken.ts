import { isUniqueViolation } from './unique-violation.ts';

/**
 * Another product or option group on sale, or another variation or option of it, has this name. Postgres compares the names
 * (`name_key`). The error is thrown and not returned, so that the transaction is rolled back.
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
