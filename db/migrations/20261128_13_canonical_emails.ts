import type { Knex } from 'knex';

/** The same as `canonicalEmail` in domain/account: only ASCII letters are folded. */
const CANONICAL = 'text GENERATED ALWAYS AS (lower(email COLLATE "C")) STORED';

/**
 * Ties sessions to the password that they were opened with, invitations to who may invite, and records by email address to its
 * canonical form. Open invitations end, as nobody knows who invited. The last migration of its version, as it locks `users`. Not
 * used any more, and to be dropped when no process of an older version runs: `account_requests.password_hash`, and the indexes of
 * `lower(email)`.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE users ADD COLUMN password_version integer NOT NULL DEFAULT 0, ADD COLUMN canonical_email ${CANONICAL};
    COMMENT ON COLUMN users.password_version IS 'how often the password was changed';
    CREATE UNIQUE INDEX users_canonical_email ON users (canonical_email);
    ALTER TABLE account_requests
      ADD COLUMN canonical_email ${CANONICAL},
      ADD COLUMN invited_by uuid REFERENCES users ON DELETE CASCADE;
    COMMENT ON COLUMN account_requests.invited_by IS 'the manager; null: the operator';
    DELETE FROM account_requests WHERE purpose = 'invitation';
    CREATE INDEX ON account_requests (canonical_email);
    CREATE INDEX ON account_requests (invited_by)`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE account_requests DROP COLUMN canonical_email, DROP COLUMN invited_by;
    ALTER TABLE users DROP COLUMN canonical_email, DROP COLUMN password_version`);
}
