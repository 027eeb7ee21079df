// Types of the parts of knex that a custom dialect extends. Knex has no types for them.

declare module 'knex/lib/dialects/postgres/index.js' {
  import { Knex } from 'knex';

  export interface Statement {
    sql: string;
    options?: { name?: string };
  }

  export default class PostgresClient extends Knex.Client {
    /** Present only while the client runs a transaction. */
    transacting?: true;
    _acquireOnlyConnection(): Promise<object>;
    _query(connection: object, statement: Statement): Promise<unknown>;
  }
}

declare module 'knex/lib/dialects/postgres/execution/pg-transaction.js' {
  export default class PostgresTransaction {
    // biome-ignore lint/suspicious/noExplicitAny: passed through from knex to knex
    constructor(...passed: any[]);
    isolationLevel?: string;
    readOnly?: boolean;
    begin(connection: object): Promise<unknown>;
    query(connection: object, sql: string): Promise<unknown>;
  }
}
