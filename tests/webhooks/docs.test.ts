import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';

const page = readFileSync(join(import.meta.dirname, '../../docs/webhooks.md'), 'utf8');
const snippet = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)![1]!;

const secret = `whsec_${Buffer.from('a secret of 32 bytes, for a test').toString('base64')}`;
const event = JSON.stringify({ id: 'order:1', note: 'Zoë’s ☕' });
const body = Buffer.from(event);

/** As they come, by a secret, some seconds ago. */
function headersOf({ by = secret, ago = 0, beside = '' }: { by?: string; ago?: number; beside?: string }) {
  const at = new Date(Date.now() - ago * 1_000);
  return {
    'webhook-id': 'order:1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': `${beside}${new Webhook(by).sign('order:1', at, event)}`,
  };
}

const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const { 'webhook-signature': _, ...unsigned } = headersOf({});
const cases: [what: string, headers: object, body: Buffer, isGood: boolean][] = [
  ['what is signed by the secret', headersOf({}), body, true],
  ['two signatures, one of them by the secret', headersOf({ beside: 'v1,bm90IHRoaXM= ' }), body, true],
  ['what is signed by another secret', headersOf({ by: other }), body, false],
  ['what was signed ten minutes ago', headersOf({ ago: 600 }), body, false],
  ['what is not signed', unsigned, body, false],
  ['a signature that is not ASCII', { ...unsigned, 'webhook-signature': 'v1,☕' }, body, false],
  ['another body', headersOf({}), Buffer.from(event.replace('1', '2')), false],
  ['a body with a byte that is not UTF-8', headersOf({}), Buffer.concat([body, Buffer.from([0xff])]), false],
];

/** Headers and body as frameworks give them, in each language: what makes them of `headers` and `body`, plain and in bytes. */
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

/** How each language runs its snippet: the question in `argv`, the answer on standard output. */
const programs: Record<string, (headers: string, body: string, ...question: string[]) => string> = {
  js: (headers, body, ...question) =>
    run(
      process.execPath,
      ['--input-type=module', '-e'],
      [
        `${snippet('js')}\nconst [secret, given, hex] = process.argv.slice(1);
const [headers, body] = [JSON.parse(given), Buffer.from(hex, 'hex')];
console.log(JSON.stringify(verify(secret, ${headers}, ${body})));`,
        ...question,
      ],
    ),
  python: (headers, body, ...question) =>
    run(
      'python3',
      ['-c'],
      [
        `${snippet('python')}\nimport http.client, io, sys\nsecret, headers, body = sys.argv[1:]
headers, body = json.loads(headers), bytes.fromhex(body)
print(json.dumps(verify(secret, ${headers}, ${body})))`,
        ...question,
      ],
    ),
};

const run = (command: string, flags: string[], rest: string[]): string =>
  execFileSync(command, [...flags, ...rest], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 }).toString();

describe.each(Object.keys(programs))('When the page’s code in %s verifies', (language) => {
  const verify = (headers: object, bytes: Buffer, inForm = { headers: 'headers', body: 'body' }) =>
    JSON.parse(
      programs[language]!(inForm.headers, inForm.body, secret, JSON.stringify(headers), bytes.toString('hex')),
    );
  const { headers: headerForms, bodies } = forms[language]!;
  const combinations = Object.entries(headerForms).flatMap(([headersAre, headers]) =>
    Object.entries(bodies).map(([bodyIs, body]) => ({ headersAre, headers, bodyIs, body })),
  );

  test.each(cases)('then %s is taken or refused as it should be', (_, headers, bytes, isGood) => {
    if (isGood) expect(verify(headers, bytes)).toEqual(JSON.parse(event));
    else expect(() => verify(headers, bytes)).toThrow();
  });

  test.each(combinations)('then $headersAre and $bodyIs are taken, and refused if forged', (form) => {
    expect(verify(headersOf({}), body, form)).toEqual(JSON.parse(event));
    expect(() => verify(headersOf({ by: other }), body, form)).toThrow();
  });
});
