import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';

const page = readFileSync(join(import.meta.dirname, '../../docs/webhooks.md'), 'utf8');
const snippet = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(page)![1]!;

const secret = `whsec_${Buffer.from('a secret of 32 bytes, for a test').toString('base64')}`;
const body = JSON.stringify({ id: 'order:1', note: 'Zoë’s ☕' });

/** As they come, by a secret, some seconds ago. */
function headersOf({ by = secret, ago = 0, beside = '' }: { by?: string; ago?: number; beside?: string }) {
  const at = new Date(Date.now() - ago * 1_000);
  return {
    'webhook-id': 'order:1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': `${beside}${new Webhook(by).sign('order:1', at, body)}`,
  };
}

const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const cases: [string, object, string, boolean][] = [
  ['what is signed by the secret', headersOf({}), body, true],
  ['two signatures, one of them by the secret', headersOf({ beside: 'v1,bm90IHRoaXM= ' }), body, true],
  ['what is signed by another secret', headersOf({ by: other }), body, false],
  ['what was signed ten minutes ago', headersOf({ ago: 600 }), body, false],
  ['another body', headersOf({}), body.replace('1', '2'), false],
];

/** How each language runs its snippet: the question in `argv`, the answer on standard output. */
const programs: Record<string, (...question: string[]) => string> = {
  js: (...question) =>
    run(
      process.execPath,
      ['--input-type=module', '-e'],
      [
        `${snippet('js')}\nconst [secret, headers, body] = process.argv.slice(1);
       console.log(JSON.stringify(verify(secret, JSON.parse(headers), body)));`,
        ...question,
      ],
    ),
  python: (...question) =>
    run(
      'python3',
      ['-c'],
      [
        `${snippet('python')}\nimport sys\nsecret, headers, body = sys.argv[1:]
print(json.dumps(verify(secret, json.loads(headers), body)))`,
        ...question,
      ],
    ),
};

const run = (command: string, flags: string[], rest: string[]): string =>
  execFileSync(command, [...flags, ...rest], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();

describe.each(Object.keys(programs))('When the page’s code in %s verifies', (language) => {
  test.each(cases)('then %s is taken or refused as it should be', (_, headers, text, good) => {
    const verify = () => programs[language]!(secret, JSON.stringify(headers), text);
    if (good) expect(JSON.parse(verify())).toEqual(JSON.parse(text));
    else expect(verify).toThrow();
  });
});
