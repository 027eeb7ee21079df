import { type AccountRequestRepository, createAccountRequestRepository } from './account-requests.ts';
import type { Database } from './connection.ts';
import { createOidcArtifactRepository, type OidcArtifactRepository } from './oidc-artifacts.ts';
import { createProductRepository, type ProductRepository } from './products.ts';
import { transact } from './transaction.ts';
import { createUserRepository, type UserRepository } from './users.ts';
import { createWebhookRepository, type WebhookRepository } from './webhooks.ts';

/** The repositories of one transaction. */
export interface Work {
  products: ProductRepository;
  users: UserRepository;
  accountRequests: AccountRequestRepository;
  artifacts: OidcArtifactRepository;
  webhooks: WebhookRepository;
}

/** Runs work in one transaction: see {@link transact}. */
export type UnitOfWork = <T>(work: (repositories: Work) => Promise<T>) => Promise<T>;

export function createUnitOfWork(database: Database): UnitOfWork {
  return (work) =>
    transact(database, (transaction) =>
      work({
        products: createProductRepository(transaction),
        users: createUserRepository(transaction),
        accountRequests: createAccountRequestRepository(transaction),
        artifacts: createOidcArtifactRepository(transaction),
        webhooks: createWebhookRepository(transaction),
      }),
    );
}
