import type { Knex } from 'knex';
import PostgresTransaction from 'knex/lib/dialects/postgres/execution/pg-transaction.js';
import PostgresClient, { type Statement } from 'knex/lib/dialects/postgres/index.js';
import { isConnectionSpent, isPlanOutdated, isReadOnly, isStatementMisplaced } from './outage.ts';
import { retryConflicts } from './retry.ts';

/** Time limits that Postgres enforces, in ms; 0: no limit. */
export interface TimeLimits {
  statement: number;
  idleInTransaction: number;
}

interface Connection {
  /** If set, knex removes the connection from its pool. */
  __knex__disposed?: unknown;
}

/**
 * Creates knex' client for a connection pool that survives failovers and poolers (docs/adr/0020):
 *
 * - Connections to a read-only server are replaced.
 * - A statement outside of a transaction is retried after a conflict.
 * - A pooler may give each transaction another session. Therefore each transaction sets its own time limits, and statements are
 *   prepared only if the pooler tracks prepared statements.
 */
export function createPostgresClient(limits: TimeLimits): typeof Knex.Client {
  const Transaction = transactionWith(limits);
  const renewal = createRenewal();
  const preparation = createPreparation();

  return class Client extends PostgresClient {
    override transaction(container: unknown, config: unknown, outerTransaction: unknown): never {
      return new Transaction(this, container, config, outerTransaction) as never;
    }

    override async _acquireOnlyConnection(): Promise<object> {
      const connection = await super._acquireOnlyConnection().catch((error: Error) => {
        if (!NO_STARTUP_PARAMETERS.test(error.message)) throw error;
        return this.connectWithoutParameters(error);
      });
      renewal.opened(connection);
      return connection;
    }

    private connectWithoutParameters({ message }: Error): Promise<object> {
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
      return renewal.isCurrent(connection);
    }

    override _query(connection: object, statement: Statement): Promise<unknown> {
      const run = () => this.runOnce(connection, statement);
      return this.transacting ? run() : retryConflicts(run);
    }

    private async runOnce(connection: Connection, statement: Statement): Promise<unknown> {
      try {
        return await super._query(connection, preparation.prepare(connection, statement));
      } catch (error) {
        if (isReadOnly(error)) renewal.renew(connection);
        if (isConnectionSpent(error) || isPlanOutdated(error)) connection.__knex__disposed = error;
        if (isStatementMisplaced(error) && preparation.stop()) {
          this.logger.warn?.(
            'Postgres is behind a pooler without max_prepared_statements: statements are not prepared',
          );
        }
        throw error;
      }
    }
  };
}

/** Matches the errors with which poolers reject the startup parameters of a session. */
const NO_STARTUP_PARAMETERS = /startup parameter|command-line options/i;

/** Transactions set their time limits in the round trip that begins them, because a pooler may have reset the session's limits. */
function transactionWith({ statement, idleInTransaction }: TimeLimits) {
  return class Transaction extends PostgresTransaction {
    override begin(connection: object): Promise<unknown> {
      if (this.isolationLevel || this.readOnly) throw new Error('isolationLevel and readOnly are not supported.');
      return this.query(
        connection,
        `BEGIN; SET LOCAL statement_timeout = ${statement}; SET LOCAL idle_in_transaction_session_timeout = ${idleInTransaction};`,
      );
    }
  };
}

/** A read-only error on a connection younger than this, in ms, does not replace the connections. */
const RENEWAL_MS = 1_000;

/** Replaces all connections after a read-only error, because the address may belong to another server by now. */
function createRenewal() {
  const openedAt = new WeakMap<object, number>();
  const openingOf = (connection: object): number => openedAt.get(connection) ?? 0;
  let renewedAt = Number.NEGATIVE_INFINITY;
  return {
    opened: (connection: object): void => void openedAt.set(connection, performance.now()),
    isCurrent: (connection: object): boolean => openingOf(connection) > renewedAt,
    renew(connection: object): void {
      const now = performance.now();
      if (now - openingOf(connection) > RENEWAL_MS) renewedAt = now;
    },
  };
}

/** Prepares named statements until an error shows that the pooler does not track prepared statements. */
function createPreparation() {
  let isOn = true;
  return {
    /** Returns the statement, without its name if it must not be prepared. */
    prepare(connection: Connection, statement: Statement): Statement {
      if (isOn && !connection.__knex__disposed) return statement;
      const { options: _, ...unprepared } = statement;
      return unprepared;
    },
    /** Stops preparing. @returns `false` if it had stopped before */
    stop(): boolean {
      const wasOn = isOn;
      isOn = false;
      return wasOn;
    },
  };
}
