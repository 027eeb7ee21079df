import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Command } from '../../domain/order/order.ts';

/**
 * Signs a command to an order: only the API and the order's workflow have the key. Anybody who reaches
 * Temporal can send messages, and could name whom they like as the actor. Plain JavaScript, because a workflow has no
 * `node:crypto`.
 *
 * @param command what the message asks for, as the parser has read and bounded it
 * @returns HMAC-SHA-256 (RFC 2104) in hexadecimal digits
 */
export const signatureOf = (signingKey: string, command: Command): string =>
  bytesToHex(hmac(sha256, utf8ToBytes(signingKey), utf8ToBytes(canonicalText(command))));

/** The text of a command: in an order that must stay, as an API and a worker of two versions work on one order. */
function canonicalText(command: Command): string {
  const { type, actor, reason = null, expectedVersion = null, key, requestId = null } = command;
  const common = [type, actor.type, actor.id, reason, expectedVersion, key?.hash ?? null, key?.fingerprint ?? null];
  return JSON.stringify([...common, requestId, ...fieldsOf(command)]);
}

function fieldsOf(command: Command): unknown[] {
  if (command.type === 'change_status') return [command.to];
  if (command.type === 'cancel') return [command.reasonCode ?? null];
  // A note that is left out stays, and `null` clears it.
  return [
    command.lines ?? null,
    command.location ?? null,
    'note',
    ...(command.note === undefined ? [] : [command.note]),
  ];
}
