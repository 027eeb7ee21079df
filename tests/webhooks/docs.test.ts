import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';

const page = readFileSync(join(import.meta.dirname, '../../docs/webhooks.md'), 'utf8');
const snippet = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)![1]!;

const secret = `whsec_${Buffer.from('a secret of 32 bytes, for a test').toString('base64')}`;
const event = JSON.stringify({ id: 'order:1', note: 'Zoë’s ☕' });
const body = Buffer.from(event);

/** Returns the headers of a delivery. @param age in seconds @param otherSignatures before the right one */
function headersOf({
  by = secret,
  age = 0,
  otherSignatures = '',
}: {
  by?: string;
  age?: number;
  otherSignatures?: string;
}) {
  const at = new Date(Date.now() - age * 1_000);
  return {
    'webhook-id': 'order:1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': `${otherSignatures}${new Webhook(by).sign('order:1', at, event)}`,
  };
}

const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const { 'webhook-signature': _, ...unsigned } = headersOf({});
const cases: [what: string, headers: object, body: Buffer, isValid: boolean][] = [
  ['a signature by the secret', headersOf({}), body, true],
  ['two signatures, one of them by the secret', headersOf({ otherSignatures: 'v1,bm90IHRoaXM= ' }), body, true],
  ['a signature by another secret', headersOf({ by: other }), body, false],
  ['a signature of ten minutes ago', headersOf({ age: 600 }), body, false],
  ['a missing signature', unsigned, body, false],
  ['a signature that is not ASCII', { ...unsigned, 'webhook-signature': 'v1,☕' }, body, false],
  ['another body', headersOf({}), Buffer.from(event.replace('1', '2')), false],
  ['a body with a byte that is not UTF-8', headersOf({}), Buffer.concat([body, Buffer.from([0xff])]), false],
];

/** Expressions that convert `headers` and `body` to the types of frameworks, by language. */
const forms: Record<string, { headers: Record<string, string>; bodies: Record<string, string> }> = {
  js: {
    headers: { 'an object in lower case (http, Express, Koa)': 'headers', 'a Headers (fetch)': 'new Headers(headers)' },
    bodies: {
      'a Buffer (Express, Koa)': 'body',
      'a Uint8Array': 'new Uint8Array(body)',
      'an ArrayBuffer (fetch)': 'new Uint8Array(body).buffer',
      'a string': 'body.toString()',
    },
  },
  python: {
    headers: {
      'a dict in lower case (Starlette)': 'headers',
      'a dict in title case (Django, Flask)': '{name.title(): value for name, value in headers.items()}',
      'a message (http.server)':
        'http.client.parse_headers(io.BytesIO("".join(f"{name.upper()}: {value}\\r\\n" for name, value in headers.items()).encode()))',
    },
    bodies: {
      'bytes (Flask, Django, FastAPI)': 'body',
      'a bytearray (aiohttp)': 'bytearray(body)',
      'a memoryview': 'memoryview(body)',
      'a str': 'body.decode()',
    },
  },
};

/** Runs the snippet of each language: the arguments in `argv`, the result on standard output. */
const programs: Record<string, (headers: string, body: string, ...args: string[]) => string> = {
  js: (headers, body, ...args) =>
    run(
      process.execPath,
      ['--input-type=module', '-e'],
      [
        `${snippet('js')}\nconst [secret, given, hex] = process.argv.slice(1);
const [headers, body] = [JSON.parse(given), Buffer.from(hex, 'hex')];
console.log(JSON.stringify(verify(secret, ${headers}, ${body})));`,
        ...args,
      ],
    ),
  python: (headers, body, ...args) =>
    run(
      'python3',
      ['-c'],
      [
        `${snippet('python')}\nimport http.client, io, sys\nsecret, headers, body = sys.argv[1:]
headers, body = json.loads(headers), bytes.fromhex(body)
print(json.dumps(verify(secret, ${headers}, ${body})))`,
        ...args,
      ],
    ),
};

const run = (command: string, flags: string[], rest: string[]): string =>
  execFileSync(command, [...flags, ...rest], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 }).toString();

describe.each(Object.keys(programs))('the %s example of docs/webhooks.md', (language) => {
  const verify = (headers: object, bytes: Buffer, inForm = { headers: 'headers', body: 'body' }) =>
    JSON.parse(
      programs[language]!(inForm.headers, inForm.body, secret, JSON.stringify(headers), bytes.toString('hex')),
    );
  const { headers: headerForms, bodies } = forms[language]!;
  const combinations = Object.entries(headerForms).flatMap(([headersType, headers]) =>
    Object.entries(bodies).map(([bodyType, body]) => ({ headersType, headers, bodyType, body })),
  );

  test.each(cases)('verifies %s', (_, headers, bytes, isValid) => {
    if (isValid) expect(verify(headers, bytes)).toEqual(JSON.parse(event));
    else expect(() => verify(headers, bytes)).toThrow();
  });

  test.each(combinations)('accepts $headersType with $bodyType, and rejects a forgery', (form) => {
    expect(verify(headersOf({}), body, form)).toEqual(JSON.parse(event));
    expect(() => verify(headersOf({ by: other }), body, form)).toThrow();
  });
});
