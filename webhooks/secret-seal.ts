import proto from '@temporalio/proto';
import { createPayloadCodec, type PayloadKey } from '../workflows/payloads/codec.ts';

const { Payload } = proto.temporal.api.common.v1;

/** Encrypts secrets for Postgres with the keys of Temporal's payloads. @param keys see {@link createPayloadCodec} */
export function createSeal(keys: readonly PayloadKey[]) {
  const codec = createPayloadCodec(keys);
  const keyIdOf = (sealed: Buffer) => {
    const keyId = Payload.decode(sealed).metadata['encryption-key-id'];
    return keyId && Buffer.from(keyId).toString();
  };
  return {
    /** Encrypts with the first key. Without keys, the text is stored unencrypted. */
    async seal(text: string): Promise<Buffer> {
      const [payload] = await codec.encode([{ data: Buffer.from(text) }]);
      return Buffer.from(Payload.encode(payload ?? {}).finish());
    },
    /** @throws {UndecryptablePayload} if the key is missing or the bytes were changed */
    async unseal(sealed: Buffer): Promise<string> {
      const [payload] = await codec.decode([Payload.decode(sealed)]);
      return Buffer.from(payload?.data ?? []).toString();
    },
    /** Returns whether `seal` would now use another key. */
    isStale: (sealed: Buffer): boolean => keyIdOf(sealed) !== keys[0]?.id,
  };
}

export type Seal = ReturnType<typeof createSeal>;
