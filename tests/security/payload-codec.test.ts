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

describe('When a payload is encrypted', () => {
  test.each([[note], [''], [null], ['x'.repeat(500_000)], [new Uint8Array([0, 255])]])(
    'then it comes back as it was (%#)',
    async (value) => {
      expect(await decode([first], await encode([first], value))).toEqual(value);
    },
  );

  test('then only the name of the key stands in the clear, and the same never looks the same', async () => {
    const one = await encode([first]);
    const other = await encode([first]);

    expect(Object.entries(one.metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString()])).toEqual([
      ['encoding', 'binary/encrypted'],
      ['encryption-key-id', '2026-10'],
    ]);
    expect(textsIn(one)).not.toMatch(/Extra hot|json/);
    expect(other.data).not.toEqual(one.data);
  });

  test('then what is plain passes all the same, as it comes from operators', async () => {
    expect(await decode([first], defaultPayloadConverter.toPayload(note) as Payload)).toEqual(note);
    expect(await createPayloadCodec([first]).decode([{}])).toEqual([{}]);
  });

  test('then without keys nothing is', async () => {
    expect(await encode([])).toEqual(defaultPayloadConverter.toPayload(note));
  });
});

describe('When keys are rotated', () => {
  test('then the first one encrypts and all decrypt', async () => {
    const before = await encode([first]);
    const after = await encode([second, first]);

    expect(Buffer.from(after.metadata?.['encryption-key-id'] ?? []).toString()).toBe('2026-11');
    expect(await decode([second, first], before)).toEqual(note);
    expect(await decode([second, first], after)).toEqual(note);
  });

  test.each([
    ['another key', [second]],
    ['no key', []],
  ])('then with %s the missing one is asked for by name', async (_, keys) => {
    await expect(decode(keys, await encode([first]))).rejects.toThrow(
      'A payload is encrypted with the key "2026-10": add it to PAYLOAD_KEYS.',
    );
  });

  test('then another key under the same name is refused', async () => {
    await expect(decode([{ ...second, id: first.id }], await encode([first]))).rejects.toThrow(
      /another key under this name/,
    );
  });
});

describe('When a payload was tampered with', () => {
  test.each([
    ['its nonce', 0],
    ['its text', 15],
    ['its seal', -1],
  ])('then a changed bit in %s is refused', async (_, at) => {
    const payload = await encode([first]);
    const data = Buffer.from(payload.data ?? []);
    data[(data.length + at) % data.length]! ^= 1;

    await expect(decode([first], { ...payload, data })).rejects.toThrow(/somebody changed the payload/);
  });

  test('then another key’s name on it is refused', async () => {
    const { metadata, data } = await encode([first]);
    const relabelled = { metadata: { ...metadata, 'encryption-key-id': Buffer.from(second.id) }, data: data ?? null };

    await expect(decode([first, second], relabelled)).rejects.toThrow(/does not fit/);
  });

  test('then what only claims to be encrypted stays what it is, for its reader to refuse', async () => {
    const claim = { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('nonsense') };
    const short = { ...claim, metadata: { ...claim.metadata, 'encryption-key-id': Buffer.from(first.id) } };

    expect(await createPayloadCodec([first]).decode([claim, short])).toEqual([claim, short]);
    await expect(decode([first], short)).rejects.toThrow('Unknown encoding: binary/encrypted');
  });
});

test('When something fails, then its message and stack are where the codec encrypts them', () => {
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
