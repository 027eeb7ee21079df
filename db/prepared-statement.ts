import { hash } from 'node:crypto';
import type { Database } from './connection.ts';

interface Result<Row> {
  rows: Row[];
  /** The number of rows that were returned or changed. */
  rowCount: number;
}

/** By name; null for SQL's NULL. */
type Values = Readonly<Record<string, unknown>>;

/** Runs a prepared statement. @throws {TypeError} if a value is undefined */
type Run<Row> = (database: Database, values?: Values) => Promise<Result<Row>>;

/**
 * Returns a function that runs a frequent statement, whose text never changes. Postgres plans it once per connection. Knex would
 * compile it for each call, which takes longer than sending it.
 *
 * @param name unique. A hash of the statement is added, because different versions of Crema can share a session of a pooler
 * @param sql contains the values by name: `:orderId`
 */
export function prepare<Row>(name: string, sql: string): Run<Row> {
  const names: string[] = [];
  // A colon after a colon begins a type: `:ids::uuid[]`.
  const text = sql.replaceAll(/(?<!:):([a-z]\w*)/gi, (_, value: string) => {
    if (!names.includes(value)) names.push(value);
    return `$${names.indexOf(value) + 1}`;
  });
  const options = { name: `${name}-${hash('sha1', text).slice(0, 12)}` };
  const bindingsOf = (values: Values) =>
    names.map((value) => {
      if (values[value] === undefined) throw new TypeError(`The statement ${name} needs a value for :${value}`);
      return values[value];
    });

  return async ({ client }, values = {}) => {
    const bindings = bindingsOf(values);
    const connection = await client.acquireConnection();
    try {
      const statement = { sql: text, bindings, options };
      return (await client.query(connection, statement)).response;
    } finally {
      await client.releaseConnection(connection);
    }
  };
}
