import { hash } from 'node:crypto';
import type { Knex } from 'knex';
import PostgresTransaction from 'knex/lib/dialects/postgres/execution/pg-transaction.js';
import PostgresClient, { type Statement } from 'knex/lib/dialects/postgres/index.js';
import { isConnectionSpent, isPlanOutdated, isReadOnly, isStatementMisplaced } from './outage.ts';
import { retryConflicts } from './retry.ts';

/** How long a server may take, in ms; 0: for ever. */
export interface TimeLimits {
  statement: number;
  idleInTransaction: number;
}

interface Connection {
  /** Why knex takes it out of its pool. */
  __knex__disposed?: unknown;
}

/** A server that takes no changes may be the wrong one: how long a connection to it is kept at least, in ms. */
const RENEWAL_MS = 1_000;

/** How poolers say that they pass on no settings of a session. */
const NO_STARTUP_PARAMETERS = /startup parameter|command-line options/i;

/**
 * Makes knex' client for a pool of connections that outlives what happens to servers and poolers (docs/adr/0020):
 *
 * - Connections to a server that takes no changes are replaced: its address may lead to another one by now.
 * - A statement outside of a transaction is run again after a conflict.
 * - Where a pooler gives each transaction another session, each transaction brings its settings. Statements are prepared only
 *   if the pooler tracks them.
 */
export function createPostgresClient({ statement, idleInTransaction }: TimeLimits): typeof Knex.Client {
  const openedAt = new WeakMap<object, number>();
  /** Connections that were opened before are used no more. */
  let renewedAt = Number.NEGATIVE_INFINITY;
  let prepares = true;

  class Transaction extends PostgresTransaction {
    /** One round trip. A pooler may have dropped what the session was to be opened with. */
    override begin(connection: object): Promise<unknown> {
      if (this.isolationLevel || this.readOnly)
        throw new Error('Transactions have no isolationLevel and no readOnly here.');
      return this.query(
        connection,
        `BEGIN; SET LOCAL statement_timeout = ${statement}; SET LOCAL idle_in_transaction_session_timeout = ${idleInTransaction};`,
      );
    }
  }

  /** The statement under a name, unless that has failed. A pooler's sessions are shared by versions: a name must mean one statement. */
  const named = (connection: Connection, { options, ...statement }: Statement): Statement => {
    if (!prepares || connection.__knex__disposed) return statement;
    return { ...statement, options: { name: `${options?.name}-${hash('sha1', statement.sql).slice(0, 12)}` } };
  };

  return class Client extends PostgresClient {
    override transaction(container: unknown, config: unknown, outerTransaction: unknown): never {
      return new Transaction(this, container, config, outerTransaction) as never;
    }

    override async _acquireOnlyConnection(): Promise<object> {
      const connection = await super._acquireOnlyConnection().catch((error: Error) => {
        if (!NO_STARTUP_PARAMETERS.test(error.message)) throw error;
        return this.openWithoutSettings(error);
      });
      openedAt.set(connection, performance.now());
      return connection;
    }

    private openWithoutSettings({ message }: Error): Promise<object> {
      const settings = this.connectionSettings as Record<string, unknown>;
      if (settings.options !== undefined) {
        this.logger.warn?.(
          `The pooler in front of Postgres rejects statement_timeout (${message}). Set it in the pooler: docs/operating/connecting.md has the settings`,
        );
        for (const name of ['options', 'statement_timeout', 'idle_in_transaction_session_timeout'])
          delete settings[name];
      }
      return super._acquireOnlyConnection();
    }

    override async validateConnection(connection: object): Promise<boolean> {
      return (openedAt.get(connection) ?? 0) > renewedAt;
    }

    override _query(connection: object, statement: Statement): Promise<unknown> {
      const run = () => this.runOnce(connection, statement);
      return this.transacting ? run() : retryConflicts(run);
    }

    private async runOnce(connection: Connection, statement: Statement): Promise<unknown> {
      try {
        return await super._query(connection, statement.options?.name ? named(connection, statement) : statement);
      } catch (error) {
        const now = performance.now();
        if (isReadOnly(error) && now - (openedAt.get(connection) ?? 0) > RENEWAL_MS) renewedAt = now;
        if (isConnectionSpent(error) || isPlanOutdated(error)) connection.__knex__disposed = error;
        if (isStatementMisplaced(error) && prepares) {
          prepares = false;
          this.logger.warn?.(
            'Postgres is behind a pooler without max_prepared_statements: statements are not prepared',
          );
        }
        throw error;
      }
    }
  };
}
