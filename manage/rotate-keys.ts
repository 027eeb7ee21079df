import { parseArgs } from 'node:util';
import { ConfigurationError } from '../config/environment.ts';
import { createSigningKeyRepository } from '../db/signing-keys.ts';
import type { Command } from './command.ts';

/** How long a key is published before it signs: processes look every 30 s, others keep the key set for minutes; in ms. */
const PUBLISHED_BEFORE_MS = 5 * 60_000;

const OPTIONS = { compromised: { type: 'boolean', default: false } } as const;

export const rotateKeys: Command = {
  usage: 'rotate-keys [--compromised]',
  async run(args, { database }) {
    const { values } = parseArgs({ args, options: OPTIONS });
    const keys = createSigningKeyRepository(database);
    if (values.compromised) {
      const kid = await keys.replace();
      console.log(
        `Key ${kid} signs from now on. All keys before it are gone, and with them every access token and every browser’s session.`,
      );
      return;
    }
    const rotated = await keys.rotate(PUBLISHED_BEFORE_MS);
    if ('tooYoungMs' in rotated) {
      const seconds = Math.ceil((PUBLISHED_BEFORE_MS - rotated.tooYoungMs) / 1000);
      throw new ConfigurationError(
        `The next key has only just been published, and not everybody knows it; try again in ${seconds} s.`,
      );
    }
    console.log(`Key ${rotated.kid} signs from now on. What the one before it has signed stays good until it expires.`);
  },
};
