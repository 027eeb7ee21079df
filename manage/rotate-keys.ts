import { parseArgs } from 'node:util';
import { ConfigurationError } from '../config/environment.ts';
import { createSigningKeyRepository } from '../db/signing-keys.ts';
import type { Command } from './command.ts';

/** How long a key is published before it signs, in ms. Crema reads keys every 30 s, but other verifiers may cache them longer. */
const PUBLISHED_BEFORE_MS = 5 * 60_000;

export const rotateKeys: Command = {
  usage: 'rotate-keys [--compromised]',
  async run(args, { database }) {
    const { values } = parseArgs({ args, options: { compromised: { type: 'boolean', default: false } } });
    const keys = createSigningKeyRepository(database);
    if (values.compromised) {
      const kid = await keys.replace();
      console.log(
        `Key ${kid} signs from now on. All older keys are removed; all access tokens and browser sessions are invalid.`,
      );
      return;
    }
    const rotated = await keys.rotate(PUBLISHED_BEFORE_MS);
    if ('tooYoungMs' in rotated) {
      const seconds = Math.ceil((PUBLISHED_BEFORE_MS - rotated.tooYoungMs) / 1000);
      throw new ConfigurationError(
        `The next key was published only recently, and not all verifiers have it yet; try again in ${seconds} s.`,
      );
    }
    console.log(
      `Key ${rotated.kid} signs from now on. Tokens that the previous key has signed stay valid until they expire.`,
    );
  },
};
