import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { emailAddress } from '../config/email-address.ts';
import { ConfigurationError } from '../config/environment.ts';
import { createAccountRequestRepository } from '../db/account-requests.ts';
import { createUnitOfWork } from '../db/unit-of-work.ts';
import { createUserRepository } from '../db/users.ts';
import { lifetimes, linkTo } from '../domain/account/link.ts';
import { isOneLine, MAX_NAME_LENGTH } from '../domain/text.ts';
import type { Command } from './command.ts';

/**
 * Adds a manager, for shops that have no manager who could invite another. Promotes the user if the address has an account.
 * Otherwise, prints a link that opens an account. The link is not emailed, so that the command works without a worker.
 */
export const addManager: Command = {
  usage: 'add-manager <email> [--name <name>]',
  async run(args, { database, publicUrl }) {
    const { email, name } = read(args);
    const users = createUserRepository(database);
    const user = await users.findByEmail(email);
    if (user) {
      await createUnitOfWork(database)(async (work) => {
        await work.users.update(user.id, { role: 'manager' });
        await work.accountRequests.closeAll(user);
      });
      console.log(`${user.email} is a manager.`);
      return;
    }
    const id = randomUUID();
    const requests = createAccountRequestRepository(database);
    await requests.open({ id, purpose: 'invitation', email, name, role: 'manager' });
    const token = await requests.issueLink(id, lifetimes.invitation);
    console.log(`${email} becomes a manager by choosing a password with this link, which is valid once, for 7 days:`);
    console.log(linkTo(publicUrl, 'invitation', token));
  },
};

function read(args: string[]): { email: string; name: string } {
  const { values, positionals } = parseArgs({ args, options: { name: { type: 'string' } }, allowPositionals: true });
  const [email = '', ...more] = positionals;
  const name = (values.name ?? email.slice(0, email.indexOf('@'))).normalize('NFC');
  if (more.length > 0 || !emailAddress().safeParse(email).success || !isOneLine(name, MAX_NAME_LENGTH)) {
    throw new ConfigurationError('Give one email address and, optionally, a --name on one line.');
  }
  return { email, name: name.trim() };
}
