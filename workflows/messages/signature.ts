import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Command } from '../../domain/order/order.ts';

/**
 * Signs a command to an order. Only the API and the order's workflow have the key. Without signatures, anyone with access to
 * Temporal could send messages in another actor's name. This module does not use `node:crypto`, because workflows cannot import it.
 *
 * @param command the parsed message
 * @returns HMAC-SHA-256 (RFC 2104) in hexadecimal digits
 */
export const signatureOf = (signingKey: string, command: Command): string =>
  bytesToHex(hmac(sha256, utf8ToBytes(signingKey), utf8ToBytes(canonicalText(command))));

/** Returns a command as text. The order of the fields must not change, because API and worker may have different versions. */
function canonicalText(command: Command): string {
  const { type, actor, reason = null, expectedVersion = null, key, requestId = null } = command;
  const common = [type, actor.type, actor.id, reason, expectedVersion, key?.hash ?? null, key?.fingerprint ?? null];
  return JSON.stringify([...common, requestId, ...fieldsOf(command)]);
}

function fieldsOf(command: Command): unknown[] {
  if (command.type === 'change_status') return [command.to];
  if (command.type === 'cancel') return [command.reasonCode ?? null];
  // An absent note stays unchanged; null removes it.
  return [
    command.lines ?? null,
    command.location ?? null,
    'note',
    ...(command.note === undefined ? [] : [command.note]),
  ];
}
