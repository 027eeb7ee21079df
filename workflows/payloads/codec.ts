import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';

/** A key that encrypts payloads. */
export interface PayloadKey {
  /** Stored unencrypted beside the payload. */
  id: string;
  /** 32 bytes. */
  key: KeyObject;
}

/** A payload cannot be decrypted, because its key is missing or the payload was changed. */
export class UndecryptablePayload extends Error {
  override name = 'UndecryptablePayload';
}

// The format of Temporal's samples, so that the samples' tools in other languages can decrypt payloads with the same keys.
const ENCODING = Buffer.from('binary/encrypted');
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/**
 * Returns a codec that encrypts with the first key (AES-256-GCM) and decrypts with any key. Without keys, it does not encrypt.
 * Unencrypted payloads pass unchanged, because signals from Temporal's own tools are unencrypted.
 *
 * The cipher uses no additional authenticated data, because some readers (Web UI, CLI, reconciler) have only the payload.
 *
 * @throws {UndecryptablePayload} when decoding a payload whose key is missing or that was changed. The workflow task then
 *   fails and is retried until the key is added again. If the workflow refused the message instead, a later replay with the key
 *   would decide differently.
 */
export function createPayloadCodec(keys: readonly PayloadKey[]): PayloadCodec {
  const [current] = keys;
  const byId = new Map(keys.map(({ id, key }) => [id, key]));

  function decrypt(payload: Payload): Payload {
    const { encoding, 'encryption-key-id': keyId } = payload.metadata ?? {};
    const { data } = payload;
    if (!encoding || !ENCODING.equals(encoding)) return payload;
    // The payload is labelled as encrypted, but this codec did not encrypt it.
    if (!keyId || !data || data.length < NONCE_BYTES + TAG_BYTES) return payload;
    const id = Buffer.from(keyId).toString();
    const key = byId.get(id);
    if (!key) {
      throw new UndecryptablePayload(
        `A payload is encrypted with the key ${JSON.stringify(id)}: add it to PAYLOAD_KEYS.`,
      );
    }
    const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(data.subarray(-TAG_BYTES));
    try {
      const plain = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      return PayloadMessage.decode(plain);
    } catch (cause) {
      throw new UndecryptablePayload(
        `A payload is encrypted with the key ${JSON.stringify(id)}, but that key does not fit: PAYLOAD_KEYS has another key ` +
          'under this name, or the payload was changed.',
        { cause },
      );
    }
  }

  return {
    encode: async (payloads) => (current ? payloads.map((payload) => encrypt(payload, current)) : payloads),
    decode: async (payloads) => payloads.map(decrypt),
  };
}

function encrypt(payload: Payload, { id, key }: PayloadKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  const parts = [nonce, cipher.update(PayloadMessage.encode(payload).finish()), cipher.final(), cipher.getAuthTag()];
  return { metadata: { encoding: ENCODING, 'encryption-key-id': Buffer.from(id) }, data: Buffer.concat(parts) };
}
