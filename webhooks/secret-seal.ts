import proto from '@temporalio/proto';
import { createPayloadCodec, type PayloadKey } from '../workflows/payloads/codec.ts';

/** Encrypts secrets for Postgres with the keys of Temporal's payloads. */
export interface Seal {
  /** Encrypts with the first key. Without keys, the text is stored unencrypted. */
  seal(text: string): Promise<Buffer>;
  /** @throws {UndecryptablePayload} if the key is missing or the bytes were changed */
  unseal(sealed: Buffer): Promise<string>;
  /** Returns whether `seal` would use another key today. */
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
