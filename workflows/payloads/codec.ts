import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';

/** A key that payloads are encrypted with. */
export interface PayloadKey {
  /** Stands in the clear beside everything that the key encrypts. */
  id: string;
  /** 32 bytes. */
  key: KeyObject;
}

/** A payload of ours cannot be read: its key is missing, or it was tampered with. */
export class UndecryptablePayload extends Error {
  override name = 'UndecryptablePayload';
}

// As in Temporal's samples, so that their tools in other languages can read it with the same keys.
const ENCODING = Buffer.from('binary/encrypted');
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/**
 * Encrypts what goes to Temporal with the first of some keys (AES-256-GCM) and decrypts what any of them encrypted. Without
 * keys it encrypts nothing. What is not encrypted passes: an operator's signal from Temporal's own tools is plain.
 *
 * No additional data is authenticated: whoever reads a payload (the Web UI through the API, the CLI, the reconciler) holds
 * nothing but the payload, so there is nothing it could be bound to.
 *
 * @throws {UndecryptablePayload} when decoding what a missing key has encrypted, or what was tampered with. Of such a
 *   message the workflow must not decide anything, not even to refuse it: once the key is back, it would decide otherwise.
 */
export function createPayloadCodec(keys: readonly PayloadKey[]): PayloadCodec {
  const [current] = keys;
  const byId = new Map(keys.map(({ id, key }) => [id, key]));

  function decrypt(payload: Payload): Payload {
    const { encoding, 'encryption-key-id': keyId } = payload.metadata ?? {};
    const { data } = payload;
    if (!encoding || !ENCODING.equals(encoding)) return payload;
    // None of ours, whatever it says: it stays what it is, and nobody can read it.
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
        `A payload says that the key ${JSON.stringify(id)} encrypted it, but that key does not fit: either PAYLOAD_KEYS ` +
          'has another key under this name, or somebody changed the payload.',
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
