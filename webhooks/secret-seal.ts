import proto from '@temporalio/proto';
import { createPayloadCodec, type PayloadKey } from '../workflows/payloads/codec.ts';

/** Keeps short texts of ours safe outside of Temporal, with the same keys. */
export interface Seal {
  /** Encrypts with the first key; without keys it stays readable. */
  seal(text: string): Promise<Buffer>;
  /** @throws {UndecryptablePayload} when the key is missing, or the bytes were changed */
  unseal(sealed: Buffer): Promise<string>;
  /** Whether it would be sealed otherwise today: with another key, or with one at all. */
  isStale(sealed: Buffer): boolean;
}

const { Payload } = proto.temporal.api.common.v1;

/** @param keys see {@link createPayloadCodec} */
export function createSeal(keys: readonly PayloadKey[]): Seal {
  const codec = createPayloadCodec(keys);
  const keyIdOf = (sealed: Buffer) => {
    const keyId = Payload.decode(sealed).metadata['encryption-key-id'];
    return keyId && Buffer.from(keyId).toString();
  };
  return {
    async seal(text) {
      const [payload] = await codec.encode([{ data: Buffer.from(text) }]);
      return Buffer.from(Payload.encode(payload ?? {}).finish());
    },
    async unseal(sealed) {
      const [payload] = await codec.decode([Payload.decode(sealed)]);
      return Buffer.from(payload?.data ?? []).toString();
    },
    isStale: (sealed) => keyIdOf(sealed) !== keys[0]?.id,
  };
}
