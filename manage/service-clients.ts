import { parseArgs } from 'node:util';
import { ConfigurationError } from '../config/environment.ts';
import { createServiceClientRepository } from '../db/service-clients.ts';
import { type Scope, serviceScopes } from '../domain/scopes.ts';
import type { Command } from './command.ts';

/** Matches the names that a service may have. Timelines and lists show the name. */
const NAME = /^[A-Za-z0-9][\w .-]{0,63}$/;

export const addServiceClient: Command = {
  usage: 'add-service <name> --scopes "<scope> …"',
  async run(args, { database }) {
    const { positionals, values } = parseArgs({
      args,
      options: { scopes: { type: 'string' } },
      allowPositionals: true,
    });
    const name = nameIn(positionals);
    const scopes = scopesIn(values.scopes ?? '');
    const added = await createServiceClientRepository(database).add(name, scopes);
    if (!added) {
      throw new ConfigurationError(`There is a service ${name} already; remove it first, or choose another name.`);
    }
    console.log(`Service ${name} has the scopes ${scopes.join(' ')}. Its secret is shown only this time:\n`);
    console.log(`client_id      ${added.id}\nclient_secret  ${added.secret}`);
  },
};

export const removeServiceClient: Command = {
  usage: 'remove-service <name>',
  async run(args, { database }) {
    const name = nameIn(parseArgs({ args, allowPositionals: true }).positionals);
    if (!(await createServiceClientRepository(database).remove(name))) {
      throw new ConfigurationError(`There is no service ${name}; list-services lists all services.`);
    }
    console.log(`Service ${name} is removed. Its tokens are rejected within 30 s.`);
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
      'Give one name: letters, digits, spaces, dots and dashes, at most 64 characters (quote it if it has spaces).',
    );
  }
  return name;
}

function scopesIn(text: string): Scope[] {
  const requested = text.split(/[\s,]+/).filter(Boolean);
  const unknown = requested.filter((scope) => !serviceScopes.some((known) => known === scope));
  if (requested.length === 0 || unknown.length > 0) {
    const fault = unknown.length > 0 ? `${unknown.join(' ')} cannot be granted to a service. ` : '';
    throw new ConfigurationError(`${fault}Give --scopes one or more of: ${serviceScopes.join(' ')}.`);
  }
  return serviceScopes.filter((scope) => requested.includes(scope));
}
