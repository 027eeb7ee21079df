import { ApplicationFailure, defaultPayloadConverter, type Payload } from '@temporalio/common';
import { createPayloadCodec, type PayloadKey } from '../../workflows/payloads/codec.ts';
import { failureConverter } from '../../workflows/payloads/failure-converter.ts';
import { newKey } from './payload-keys.ts';
import { textsIn } from './temporal-records.ts';

const [first, second] = [newKey('2026-10'), newKey('2026-11')];
const note = { note: 'Extra hot, für Zoë ☕' };

const encode = async (keys: PayloadKey[], value: unknown = note): Promise<Payload> =>
  (await createPayloadCodec(keys).encode([defaultPayloadConverter.toPayload(value) as Payload]))[0] as Payload;
const decode = async (keys: PayloadKey[], payload: Payload): Promise<unknown> =>
  defaultPayloadConverter.fromPayload((await createPayloadCodec(keys).decode([payload]))[0] as Payload);

describe('The payload codec', () => {
  test.each([[note], [''], [null], ['x'.repeat(500_000)], [new Uint8Array([0, 255])]])(
    'restores the original value (%#)',
    async (value) => {
      expect(await decode([first], await encode([first], value))).toEqual(value);
    },
  );

  test('reveals only the name of the key, and each ciphertext differs', async () => {
    const one = await encode([first]);
    const other = await encode([first]);

    expect(Object.entries(one.metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString()])).toEqual([
      ['encoding', 'binary/encrypted'],
      ['encryption-key-id', '2026-10'],
    ]);
    expect(textsIn(one)).not.toMatch(/Extra hot|json/);
    expect(other.data).not.toEqual(one.data);
  });

  test('accepts plain payloads, which operators send', async () => {
    expect(await decode([first], defaultPayloadConverter.toPayload(note) as Payload)).toEqual(note);
    expect(await createPayloadCodec([first]).decode([{}])).toEqual([{}]);
  });

  test('writes plain payloads without keys', async () => {
    expect(await encode([])).toEqual(defaultPayloadConverter.toPayload(note));
  });
});

describe('Key rotation', () => {
  test('encrypts with the first key and decrypts with all keys', async () => {
    const before = await encode([first]);
    const after = await encode([second, first]);

    expect(Buffer.from(after.metadata?.['encryption-key-id'] ?? []).toString()).toBe('2026-11');
    expect(await decode([second, first], before)).toEqual(note);
    expect(await decode([second, first], after)).toEqual(note);
  });

  test.each([
    ['another key', [second]],
    ['no key', []],
  ])('names the missing key in the error, with %s', async (_, keys) => {
    await expect(decode(keys, await encode([first]))).rejects.toThrow(
      'A payload is encrypted with the key "2026-10": add it to PAYLOAD_KEYS.',
    );
  });

  test('rejects another key with the same name', async () => {
    await expect(decode([{ ...second, id: first.id }], await encode([first]))).rejects.toThrow(
      /another key under this name/,
    );
  });
});

describe('A modified payload', () => {
  test.each([
    ['the nonce', 0],
    ['the ciphertext', 15],
    ['the authentication tag', -1],
  ])('is rejected if a bit of %s has changed', async (_, at) => {
    const payload = await encode([first]);
    const data = Buffer.from(payload.data ?? []);
    data[(data.length + at) % data.length]! ^= 1;

    await expect(decode([first], { ...payload, data })).rejects.toThrow(/the payload was changed/);
  });

  test('is rejected if it names another key', async () => {
    const { metadata, data } = await encode([first]);
    const relabelled = { metadata: { ...metadata, 'encryption-key-id': Buffer.from(second.id) }, data: data ?? null };

    await expect(decode([first, second], relabelled)).rejects.toThrow(/does not fit/);
  });

  test('is returned unchanged if it is only labelled as encrypted', async () => {
    const claim = { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('nonsense') };
    const short = { ...claim, metadata: { ...claim.metadata, 'encryption-key-id': Buffer.from(first.id) } };

    expect(await createPayloadCodec([first]).decode([claim, short])).toEqual([claim, short]);
    await expect(decode([first], short)).rejects.toThrow('Unknown encoding: binary/encrypted');
  });
});

test('the message and stack of a failure are encrypted', () => {
  const failure = ApplicationFailure.create({ message: 'no oat milk', details: [note], cause: new Error('spilt') });

  const {
    encodedAttributes: outer,
    cause,
    ...written
  } = failureConverter.errorToFailure(failure, defaultPayloadConverter);

  expect(written).toMatchObject({ message: 'Encoded failure', stackTrace: '' });
  expect(cause).toMatchObject({ message: 'Encoded failure', stackTrace: '' });
  expect(textsIn(outer)).toContain('no oat milk');
  expect(textsIn(cause?.encodedAttributes)).toContain('spilt');
});
