import { createAccountRequestRepository } from './account-requests.ts';
import type { Database } from './connection.ts';
import { createOidcArtifactRepository } from './oidc-artifacts.ts';
import { createOptionGroupRepository } from './option-groups.ts';
import { createProductRepository } from './products.ts';
import { transact } from './transaction.ts';
import { createUserRepository } from './users.ts';
import { createWebhookRepository } from './webhooks.ts';

const repositoriesIn = (transaction: Database) => ({
  optionGroups: createOptionGroupRepository(transaction),
  products: createProductRepository(transaction),
  users: createUserRepository(transaction),
  accountRequests: createAccountRequestRepository(transaction),
  artifacts: createOidcArtifactRepository(transaction),
  webhooks: createWebhookRepository(transaction),
});

/** The repositories of one transaction. */
export type Work = ReturnType<typeof repositoriesIn>;

/** Returns a function that runs work in one transaction: see {@link transact}. */
export const createUnitOfWork =
  (database: Database) =>
  <T>(work: (repositories: Work) => Promise<T>): Promise<T> =>
    transact(database, (transaction) => work(repositoriesIn(transaction)));

export type UnitOfWork = ReturnType<typeof createUnitOfWork>;
