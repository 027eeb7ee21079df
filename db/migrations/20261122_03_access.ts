import type { Knex } from 'knex';

/** Creates the tables of OAuth2 and OpenID Connect: signing keys, and artifacts such as grants, refresh tokens and sessions. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('signing_keys', (table) => {
    table.text('kid').primary().comment('RFC 7638 thumbprint');
    table.json('private_jwk').notNullable();
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
  });
  await knex.schema.createTable('oidc_artifacts', (table) => {
    table.text('kind').notNullable().comment("oidc-provider's model: Grant, RefreshToken, Session, …");
    table.text('id').notNullable().comment('of a token: its SHA-256, never the token itself');
    // Not jsonb: clients choose parts of the payload (state, nonce), and jsonb rejects \u0000, which JSON allows.
    table.json('payload').notNullable();
    table.uuid('account_id').references('users.id').onDelete('CASCADE').index();
    table.text('grant_id').index();
    table.text('uid').index();
    table.text('user_code').index();
    table.timestamp('expires_at').index();
    table.timestamp('consumed_at');
    table.primary(['kind', 'id']);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('oidc_artifacts');
  await knex.schema.dropTable('signing_keys');
}
