import type { Knex } from 'knex';

/** The same as `canonicalEmail` in domain/account: only ASCII letters are folded. */
const CANONICAL = 'text GENERATED ALWAYS AS (lower(email COLLATE "C")) STORED';

/**
 * Adds the version of a password, the manager of an invitation, and the canonical form of email addresses. Deletes open
 * invitations, because their managers are unknown. Locks `users`, so it must be the last migration of its release. Makes
 * `account_requests.password_hash` and the indexes of `lower(email)` obsolete: drop them when all processes have a newer version.
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
