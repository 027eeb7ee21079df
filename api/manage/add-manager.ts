import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createAccountRequestRepository } from '../../db/account-requests.ts';
import { createUserRepository } from '../../db/users.ts';
import { lifetimes, linkTo } from '../../domain/account/link.ts';
import { invitation } from '../contract/users.ts';
import { type Command, UsageError } from './command.ts';

/**
 * Makes the first manager of a shop, whom no other manager could invite: whoever has an account is promoted, anybody else
 * gets a link that opens one. The link is printed, not mailed: it works before there is a worker.
 */
export const addManager: Command = {
  usage: 'add-manager <email> [--name <name>]   promotes them, or prints a link by which they choose a password',

  async run(args, { database, publicUrl, say }) {
    const { email, name } = read(args);
    const users = createUserRepository(database);
    const known = await users.findByEmail(email);
    if (known) {
      await users.setRole(known.id, 'manager');
      say(`${known.email} is a manager.`);
      return;
    }
    const requests = createAccountRequestRepository(database);
    const id = randomUUID();
    await requests.open({ id, purpose: 'invitation', email, name, role: 'manager' });
    const token = await requests.issueLink(id, lifetimes.invitation);
    say(`${email} becomes a manager by choosing a password here, once, within 7 days:`);
    say(linkTo(publicUrl, 'invitation', token));
  },
};

function read(args: string[]): { email: string; name: string } {
  try {
    const { values, positionals } = parseArgs({ args, options: { name: { type: 'string' } }, allowPositionals: true });
    if (positionals.length !== 1) throw new UsageError('Name one email address.');
    const email = positionals[0] as string;
    return invitation.parse({ email, name: values.name ?? email.slice(0, email.indexOf('@')) });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError('That is not an email address and a name on one line.');
  }
}
