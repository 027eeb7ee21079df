import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { readApiSettings } from '../../api/settings.ts';
import { ConfigurationError, readEnvironment } from '../../config/environment.ts';
import { readDatabaseSettings } from '../../db/settings.ts';
import { readNamespaceSettings, readReconcileSettings, readWorkerSettings } from '../../worker/settings.ts';

const KEY = Buffer.alloc(32, 'crema').toString('base64');

const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://shop.example',
  DATABASE_URL: 'postgres://db/crema',
  REDIS_URL: 'redis://redis',
  TEMPORAL_ADDRESS: 'temporal:7233',
  PAYLOAD_KEYS: `one:${KEY}`,
};

const folder = mkdtempSync(join(tmpdir(), 'crema-config-'));
const file = join(folder, '.env');
afterAll(() => rmSync(folder, { recursive: true }));

function environmentFrom(text: string) {
  writeFileSync(file, text);
  return readEnvironment(file);
}

describe('a settings file', () => {
  test('is overridden by the environment; a named file must exist', () => {
    expect(environmentFrom('PATH=mine\nCREMA_TEST=from-the-file\n')).toMatchObject({
      PATH: process.env.PATH,
      CREMA_TEST: 'from-the-file',
    });
    expect(() => readEnvironment(join(folder, 'nothing'))).toThrow(/nothing, which does not exist/);
  });

  test.each([
    ['comments, empty lines and export', '# hello\n\nexport CREMA_TEST=value', 'value'],
    ['quotes', 'CREMA_TEST="a value"', 'a value'],
    ['a value over several lines', 'CREMA_TEST="one\ntwo = 2\nthree"', 'one\ntwo = 2\nthree'],
    ['no value', 'CREMA_TEST=', ''],
  ])('may contain %s', (_, text, value) => {
    expect(environmentFrom(text).CREMA_TEST).toBe(value);
  });

  test.each([
    ['a line without an assignment', 'PORT=5000\nPORT 5001', 'Line 2'],
    ['an invalid name', '5PORT=1', 'Line 1'],
    ['an unclosed quote', 'EMAIL_FROM="Crema\nPORT=1', 'never closed'],
  ])('is rejected for %s', (_, text, words) => {
    expect(() => environmentFrom(text)).toThrow(ConfigurationError);
    expect(() => environmentFrom(text)).toThrow(words);
  });
});

describe('settings', () => {
  test('are optional in development', () => {
    expect(readApiSettings({})).toMatchObject({ PORT: 5000, PUBLIC_URL: 'http://localhost:5000', CURRENCY: 'USD' });
    expect(readApiSettings({ PORT: '5005' })).toMatchObject({ PORT: 5005, PUBLIC_URL: 'http://localhost:5005' });
    expect(readWorkerSettings({ WORKER_HEALTH_PORT: '' })).toMatchObject({ WORKER_HEALTH_PORT: 5001 });
    expect(readNamespaceSettings({})).toMatchObject({ TEMPORAL_NAMESPACE: 'default' });
  });

  test.each([
    ['https://shop.example', 'https://shop.example'],
    ['https://shop.example/', 'https://shop.example'],
    ['HTTPS://Shop.Example:443', 'https://shop.example'],
    ['http://localhost:6130', 'http://localhost:6130'],
    ['https://[2001:db8::1]:8443/', 'https://[2001:db8::1]:8443'],
    ['https://café.example', 'https://xn--caf-dma.example'],
    ['https://MÜNCHEN.example/', 'https://xn--mnchen-3ya.example'],
  ])('normalize the origin %s to %s', (url, origin) => {
    const environment = { PUBLIC_URL: url, TEMPORAL_UI_ORIGIN: url };
    for (const read of [readApiSettings, readWorkerSettings]) expect(read(environment).PUBLIC_URL).toBe(origin);
    expect(readApiSettings(environment).TEMPORAL_UI_ORIGIN).toBe(origin);
  });

  test.each([
    ...[
      'https:shop.example',
      'https:/shop.example',
      'https:///shop.example',
      'shop.example',
      '//shop.example',
      'https://',
    ],
    ...[
      'https://shop.example/crema',
      'https://shop.example/crema/',
      'https://shop.example//',
      'https://shop.example/.',
    ],
    ...['https://shop.example?x=1', 'https://shop.example/?', 'https://shop.example#top', 'https://shop.example/#'],
    ...[
      'https://me@shop.example',
      'https://me:secret@shop.example',
      'https://@shop.example',
      'https://shop.example\\x',
    ],
    ...[
      'https://shop.example:70000',
      'https://shop example',
      ' https://shop.example',
      'ftp://shop.example',
      'https://a%20b',
    ],
  ])('reject %s as an origin', (url) => {
    const rule = 'must be an origin of the form https://host[:port], without a path, query or user name';
    expect(() => readApiSettings({ PUBLIC_URL: url })).toThrow(`PUBLIC_URL ${rule}.`);
    expect(() => readWorkerSettings({ PUBLIC_URL: url })).toThrow(`PUBLIC_URL ${rule}.`);
    expect(() => readApiSettings({ TEMPORAL_UI_ORIGIN: url })).toThrow(`TEMPORAL_UI_ORIGIN ${rule}.`);
  });

  test.each([
    '10/8',
    '0x7f/8',
    '010.0.0.0/8',
    '10.0/16',
    '167772160/8',
    '10.0.0.0/33',
    'fd00::/129',
    'fe80::1%eth0/64',
    '10.0.0.0/',
  ])('reject %s as a network', (network) => {
    for (const name of ['TRUSTED_PROXIES', 'WEBHOOK_ALLOWED_NETWORKS']) {
      expect(() => readApiSettings({ [name]: `192.168.0.0/16,${network}` })).toThrow(
        new RegExp(`${name} must be .*networks such as`),
      );
    }
  });

  test.each(['::ffff:10.0.0.0/104', '::ffff:0:10.0.0.0/104', '64:ff9b::a00:0/104'])(
    'reject the IPv4 network %s in IPv6 notation for proxies',
    (network) => {
      expect(() => readApiSettings({ TRUSTED_PROXIES: network })).toThrow(
        'TRUSTED_PROXIES must have IPv4 networks in IPv4 notation',
      );
    },
  );

  test('list redirect URIs, separated by commas or spaces', () => {
    expect(readApiSettings({}).OAUTH_REDIRECT_URIS).toEqual([]);
    const list = 'https://app.example/back, http://localhost:3000/ http://[::1]:3000/';
    expect(readApiSettings({ OAUTH_REDIRECT_URIS: list }).OAUTH_REDIRECT_URIS).toEqual([
      'https://app.example/back',
      'http://localhost:3000/',
      'http://[::1]:3000/',
    ]);
  });

  test('for addresses are required in production, and every missing one is named', () => {
    const production = { NODE_ENV: 'production' };
    for (const name of ['PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'TEMPORAL_ADDRESS', 'PAYLOAD_KEYS']) {
      expect(() => readApiSettings(production)).toThrow(`${name} is missing: it must be `);
    }
    for (const name of ['PUBLIC_URL', 'REDIS_URL', 'SMTP_URL', 'EMAIL_FROM', 'ORDERS_EMAIL', 'PAYLOAD_KEYS']) {
      expect(() => readWorkerSettings(production)).toThrow(`${name} is missing: it must be `);
    }
    expect(() => readDatabaseSettings(production)).toThrow(
      'DATABASE_URL is missing: it must be a valid URL that starts with postgres://',
    );
  });

  test.each([
    [{ PORT: 'coffee' }, 'PORT must be a port from 0 to 65535.'],
    [{ PORT: '70000' }, 'PORT must '],
    [{ DATABASE_URL: 'mysql://localhost/x' }, 'DATABASE_URL must be a valid URL that starts with postgres://'],
    [{ DATABASE_URL: 'postgres://crema@localhost:99999/x' }, 'DATABASE_URL must be a valid URL that starts with'],
    [{ TEMPORAL_ADDRESS: 'localhost' }, 'TEMPORAL_ADDRESS must be of the form host:port'],
    [{ TEMPORAL_ADDRESS: 'localhost:0' }, 'TEMPORAL_ADDRESS must be of the form host:port'],
    [{ TEMPORAL_ADDRESS: 'localhost:65536' }, 'TEMPORAL_ADDRESS must be of the form host:port'],
    [{ TEMPORAL_ADDRESS: ':7233' }, 'TEMPORAL_ADDRESS must be of the form host:port'],
    [{ TEMPORAL_NAMESPACE: '   ' }, 'TEMPORAL_NAMESPACE must be a name without spaces'],
    [{ HOST: ' ' }, 'HOST must be an address of this machine'],
    [{ CURRENCY: 'dollars' }, 'CURRENCY must be an ISO 4217 code'],
    [{ NODE_ENV: 'staging' }, 'NODE_ENV must '],
    [
      { OAUTH_REDIRECT_URIS: 'http://app.example/' },
      'OAUTH_REDIRECT_URIS must be https (http for localhost) addresses',
    ],
    [{ OAUTH_REDIRECT_URIS: 'https://app.example/ nonsense' }, 'OAUTH_REDIRECT_URIS must '],
    [{ OAUTH_REDIRECT_URIS: 'https://app.example/#there' }, 'OAUTH_REDIRECT_URIS must '],
    [{ OAUTH_REDIRECT_URIS: 'https://me@app.example/' }, 'OAUTH_REDIRECT_URIS must '],
    [{ TEMPORAL_UI_ORIGIN: 'https://ui.example/path' }, 'TEMPORAL_UI_ORIGIN must be an origin'],
    [{ TEMPORAL_UI_CLIENT_SECRET: 'too short' }, 'TEMPORAL_UI_CLIENT_SECRET must have at least 32 characters'],
    [{ TEMPORAL_UI_CLIENT_SECRET: KEY }, 'TEMPORAL_UI_CLIENT_SECRET requires TEMPORAL_UI_ORIGIN'],
    [{ TEMPORAL_UI_CLIENT_SECRET: KEY, TEMPORAL_UI_ORIGIN: 'http://ui.example' }, 'which must then be https'],
    [{ METRICS_TOKEN: 'too short' }, 'METRICS_TOKEN must have at least 32 characters'],
    [{ TEMPORAL_TLS: 'maybe' }, 'TEMPORAL_TLS must '],
    [{ PAYLOAD_KEYS: 'secret' }, 'PAYLOAD_KEYS must be <id>:<32 bytes in base64>'],
    [{ PAYLOAD_KEYS: `one:${KEY},two` }, 'PAYLOAD_KEYS must be <id>:<32 bytes in base64>'],
    [{ PAYLOAD_KEYS: `one:${KEY.slice(4)}` }, 'PAYLOAD_KEYS must be <id>:<32 bytes in base64>'],
    [{ PAYLOAD_KEYS: `one:${KEY},one:${KEY}` }, 'PAYLOAD_KEYS must not have two keys named one'],
    [{ PORT: 'x', CURRENCY: 'y' }, 'CURRENCY must '],
    [{ RATE_LIMIT_USER: '600' }, 'RATE_LIMIT_USER must be <count>/<seconds>, such as 600/60'],
    [{ RATE_LIMIT_PLACING: '0/60' }, 'RATE_LIMIT_PLACING must '],
    [{ TRUSTED_PROXIES: '10.0.0.1' }, 'TRUSTED_PROXIES must be a number of proxies, or networks'],
    [{ TRUSTED_PROXIES: '10.0.0.0/8, all' }, 'TRUSTED_PROXIES must '],
    [{ CORS_ORIGINS: '*' }, 'CORS_ORIGINS must be origins such as https://shop.example'],
    [{ CORS_ORIGINS: 'https://shop.example/' }, 'CORS_ORIGINS must '],
    [{ CORS_ORIGINS: 'null' }, 'CORS_ORIGINS must '],
  ])('reject %j with the name of the setting', (environment, words) => {
    expect(() => readApiSettings(environment)).toThrow(ConfigurationError);
    expect(() => readApiSettings(environment)).toThrow(words);
  });

  test('for limits, proxies and origins are parsed', () => {
    expect(readApiSettings({})).toMatchObject({
      RATE_LIMITS: 'on',
      RATE_LIMIT_PLACING: { count: 30, seconds: 60 },
      RATE_LIMIT_USER: { count: 600, seconds: 60 },
      RATE_LIMIT_ANONYMOUS: { count: 300, seconds: 60 },
      RATE_LIMIT_SIGN_IN: { count: 10, seconds: 900 },
      TRUSTED_PROXIES: 0,
      CORS_ORIGINS: [],
    });
    const set = {
      TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8',
      CORS_ORIGINS: 'https://shop.example, http://localhost:3000',
    };
    expect(readApiSettings(set)).toMatchObject({
      TRUSTED_PROXIES: ['10.0.0.0/8', 'fd00::/8'],
      CORS_ORIGINS: ['https://shop.example', 'http://localhost:3000'],
    });
    expect(readApiSettings({ TRUSTED_PROXIES: '2' }).TRUSTED_PROXIES).toBe(2);
  });

  test('cannot turn rate limits off in production', () => {
    expect(readApiSettings(production).RATE_LIMITS).toBe('on');
    expect(() => readApiSettings({ ...production, RATE_LIMITS: 'off' })).toThrow(ConfigurationError);
    expect(readApiSettings({ RATE_LIMITS: 'off' }).RATE_LIMITS).toBe('off');
  });

  test('replace Amazon SNS only outside production, and validate topics', () => {
    const topic = 'arn:aws:sns:eu-central-1:123456789012:mail';
    const set = { SES_TOPIC_ARN: topic, SNS_ENDPOINT: 'http://127.0.0.1:4580' };
    expect(readApiSettings(set)).toMatchObject(set);
    expect(() => readApiSettings({ SES_TOPIC_ARN: 'mail' })).toThrow('SES_TOPIC_ARN must be of the form arn:');
    expect(() => readApiSettings({ ...production, ...set })).toThrow('SNS_ENDPOINT is for tests');
    expect(readApiSettings({ ...production, SES_TOPIC_ARN: topic }).SES_TOPIC_ARN).toBe(topic);
  });

  test('for the language default to English', () => {
    expect(readWorkerSettings({}).SHOP_LANGUAGE).toBe('en');
    expect(() => readWorkerSettings({ SHOP_LANGUAGE: 'English' })).toThrow('SHOP_LANGUAGE must be an ISO 639 code');
  });

  test('keep payload keys in order and out of logs and messages', () => {
    const { PAYLOAD_KEYS } = readApiSettings({ PAYLOAD_KEYS: `new:${KEY}, old:${KEY}` });
    expect(PAYLOAD_KEYS.map(({ id, key }) => [id, key.export().toString('base64')])).toEqual([
      ['new', KEY],
      ['old', KEY],
    ]);
    expect(inspect(PAYLOAD_KEYS) + JSON.stringify(PAYLOAD_KEYS)).not.toContain(KEY.slice(0, 8));
    expect(() => readApiSettings({ PAYLOAD_KEYS: `${KEY}` })).not.toThrow(KEY.slice(0, 8));
    expect(readNamespaceSettings({}).PAYLOAD_KEYS).toEqual([]);
    expect(() => readReconcileSettings({ NODE_ENV: 'production' })).toThrow(
      'PAYLOAD_KEYS is missing: it must be <id>:',
    );
  });

  test('reject a task queue with a reserved ending', () => {
    const read = (TEMPORAL_TASK_QUEUE: string) => readNamespaceSettings({ TEMPORAL_TASK_QUEUE }).TEMPORAL_TASK_QUEUE;
    expect(['shop-a', 'shop.b:1/x', 'email'].map(read)).toEqual(['shop-a', 'shop.b:1/x', 'email']);
    for (const queue of ['orders-email', 'orders-webhooks'])
      expect(() => read(queue)).toThrow('must not end in -email');
    for (const queue of ["o'clock", 'two words', 'x'.repeat(201)]) expect(() => read(queue)).toThrow('letters, digits');
  });

  test('require a region for Amazon SES', () => {
    expect(() => readWorkerSettings({ NOTIFICATIONS_ENV: 'production' })).toThrow('AWS_REGION is missing');
    const incomplete = { NODE_ENV: 'production', NOTIFICATIONS_ENV: 'production' };
    expect(() => readWorkerSettings(incomplete)).not.toThrow('SMTP_URL');
    expect(readWorkerSettings({ NOTIFICATIONS_ENV: 'staging' })).toMatchObject({ SMTP_URL: 'smtp://127.0.0.1:1025' });
    const region = { NOTIFICATIONS_ENV: 'production', AWS_REGION: 'eu-west-1' };
    expect(readWorkerSettings(region)).toMatchObject(region);
  });

  test('for metrics of Temporal’s SDK need a port', () => {
    expect(readWorkerSettings({}).TEMPORAL_METRICS_PORT).toBeUndefined();
    expect(readWorkerSettings({ TEMPORAL_METRICS_PORT: '9464' }).TEMPORAL_METRICS_PORT).toBe(9464);
    // The worker could not find a port that the SDK chooses.
    expect(() => readWorkerSettings({ TEMPORAL_METRICS_PORT: '0' })).toThrow('TEMPORAL_METRICS_PORT must ');
  });
});
