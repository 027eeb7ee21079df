import { parseArgs } from 'node:util';
import { ConfigurationError } from '../config/environment.ts';
import { createServiceClientRepository } from '../db/service-clients.ts';
import { type Scope, serviceScopes } from '../domain/scopes.ts';
import type { Command } from './command.ts';

/** Names show on timelines and in lists. */
const NAME = /^[A-Za-z0-9][\w .-]{0,63}$/;

const OPTIONS = { scopes: { type: 'string' } } as const;

export const addServiceClient: Command = {
  usage: 'add-service <name> --scopes "<scope> …"',
  async run(args, { database }) {
    const { positionals, values } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const name = nameIn(positionals);
    const scopes = scopesIn(values.scopes ?? '');
    const added = await createServiceClientRepository(database).add(name, scopes);
    if (!added)
      throw new ConfigurationError(`There is a service ${name} already; remove it first, or choose another name.`);
    console.log(`Service ${name} may use ${scopes.join(' ')}. Its secret is shown this once:\n`);
    console.log(`client_id      ${added.id}\nclient_secret  ${added.secret}`);
  },
};

export const removeServiceClient: Command = {
  usage: 'remove-service <name>',
  async run(args, { database }) {
    const name = nameIn(parseArgs({ args, allowPositionals: true }).positionals);
    if (!(await createServiceClientRepository(database).remove(name))) {
      throw new ConfigurationError(`There is no service ${name}; list-services names them.`);
    }
    console.log(`Service ${name} is removed. Within 30 s its last tokens are worth nothing.`);
  },
};

export const listServiceClients: Command = {
  usage: 'list-services',
  async run(args, { database }) {
    parseArgs({ args });
    const services = await createServiceClientRepository(database).list();
    if (services.length === 0) console.log('There are no services.');
    for (const { id, name, scopes, createdAt } of services) {
      console.log(`${id}  ${createdAt.toISOString().slice(0, 10)}  ${name}  ${scopes.join(' ')}`);
    }
  },
};

function nameIn([name, ...more]: string[]): string {
  if (name === undefined || more.length > 0 || !NAME.test(name)) {
    throw new ConfigurationError(
      'Give one name: letters, digits, blanks, dots and dashes, at most 64 (quote it if it has blanks).',
    );
  }
  return name;
}

function scopesIn(text: string): Scope[] {
  const asked = text.split(/[\s,]+/).filter(Boolean);
  const unknown = asked.filter((scope) => !serviceScopes.some((known) => known === scope));
  if (asked.length === 0 || unknown.length > 0) {
    const fault = unknown.length > 0 ? `${unknown.join(' ')} cannot be granted to a service. ` : '';
    throw new ConfigurationError(`${fault}Give --scopes one or more of: ${serviceScopes.join(' ')}.`);
  }
  return serviceScopes.filter((scope) => asked.includes(scope));
}
