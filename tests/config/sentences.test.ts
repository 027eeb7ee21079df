import { readFileSync } from 'node:fs';
import { readApiSettings } from '../../api/settings.ts';
import { readBenchSettings } from '../../bench/settings.ts';
import { ConfigurationError, type Environment } from '../../config/environment.ts';
import { readDatabaseSettings } from '../../db/settings.ts';
import { readManageSettings } from '../../manage/settings.ts';
import { readStackSettings } from '../../stack/settings.ts';
import { readNamespaceSettings, readReconcileSettings, readWorkerSettings } from '../../worker/settings.ts';
import { INVISIBLE } from '../domain/invisible.ts';
import { rawWords } from '../http/problem.ts';

const readers = {
  readApiSettings,
  readWorkerSettings,
  readDatabaseSettings,
  readNamespaceSettings,
  readReconcileSettings,
  readManageSettings,
  readStackSettings,
  readBenchSettings,
};

const names = [
  ...[...readFileSync('.env.example', 'utf8').matchAll(/^# ([A-Z][A-Z_]+)=/gm)].map(([, name]) => name as string),
  'ORDERS',
  'OPEN_ORDERS',
];

/** Settings that accept any text, with the reason. */
const unrestricted: Record<string, string> = {
  WORKFLOW_BUNDLE: 'a path',
  DATA_DIR: 'a path',
  NOTIFICATIONS_ENV: 'anything but production is SMTP',
  TEMPORAL_API_KEY: 'only Temporal Cloud can check it',
  TEMPORAL_TLS_SERVER_NAME: 'only the network can check it',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'a path',
  TEMPORAL_TLS_CLIENT_CERT_PATH: 'a path',
  TEMPORAL_TLS_CLIENT_KEY_PATH: 'a path',
  AWS_REGION: 'only Amazon can check it',
  WORKER_DEPLOYMENT: 'a name',
  WORKER_BUILD_ID: 'a name',
};

const invalidValues = [
  'nonsense, nonsense',
  '-1',
  '1.5',
  '1e99',
  'NaN',
  '{}',
  'http://',
  '\u0000',
  ' ',
  'é\n'.repeat(2_000),
];

/** Returns the message with which a reader rejects an environment; undefined if it accepts it. */
function faultOf(read: (environment: Environment) => unknown, environment: Environment): string | undefined {
  try {
    read(environment);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
}

test('.env.example lists all settings', () => {
  expect(names.length).toBeGreaterThan(60);
  expect(names).toEqual(expect.arrayContaining(['CURRENCY', 'SHOP_NAME', 'SHOP_TIME_ZONE', 'SMTP_URL', 'MAIL_PORT']));
});

/** Returns an environment with one value for all settings. */
const environmentOf = (value: string): Environment => Object.fromEntries(names.map((name) => [name, value]));

const messages = invalidValues.flatMap((value) =>
  Object.values(readers).flatMap((read) => faultOf(read, environmentOf(value)) ?? []),
);

test('each sentence about an invalid setting names it and says what to write', () => {
  for (const sentences of messages) {
    expect(sentences).toMatch(/^The configuration is wrong\.( [A-Z_]+ must .+?\.)+ See \.env\.example\.$/s);
    expect(sentences).not.toMatch(rawWords);
  }
});

test.each(names)('%s rejects invalid values unless it accepts any text', (name) => {
  const isRefused = messages.some((sentences) => sentences.includes(` ${name} must `));
  expect({ name, isRefused }).toEqual({ name, isRefused: !(name in unrestricted) });
});

test.each(Object.entries(readers))('%s reads empty settings as missing', (_, read) => {
  const { NODE_ENV: _mode, ...empty } = environmentOf('');
  for (const mode of ['development', 'production']) {
    expect(faultOf(read, { ...empty, NODE_ENV: mode })).toBe(faultOf(read, { NODE_ENV: mode }));
  }
});

test.each(Object.entries(readers))('%s describes each missing setting in production', (_, read) => {
  const sentence = faultOf(read, { NODE_ENV: 'production' });
  if (!sentence) return expect([readStackSettings, readBenchSettings]).toContain(read);
  expect(sentence).not.toMatch(rawWords);
  expect(sentence).toMatch(/^The configuration is wrong\.( [A-Z_]+ is missing: it must .+?\.)+ See \.env\.example\.$/);
});

test.each(['Mars/Olympus', '+01:00', 'GMT+1', 'Europe', 'local', ''])(
  'rejects the time zone %j unless it is empty',
  (zone) => {
    const sentence = faultOf(readApiSettings, { SHOP_TIME_ZONE: zone });
    if (zone) expect(sentence).toContain('SHOP_TIME_ZONE must be a time zone of the IANA database, such as Europe/');
    else expect(sentence).toBeUndefined();
  },
);

test.each(['UTC', 'Europe/Lisbon', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])(
  'accepts the time zone %s',
  (zone) => {
    expect(readWorkerSettings({ SHOP_TIME_ZONE: zone }).SHOP_TIME_ZONE).toBe(zone);
  },
);

test.each(['x'.repeat(61), 'one\ntwo', 'one\u2028two', '   ', '\t', 'a\u0007b', ...Object.values(INVISIBLE)])(
  'rejects the shop name %j',
  (name) => {
    expect(faultOf(readApiSettings, { SHOP_NAME: name })).toContain('SHOP_NAME must be one line of 1 to 60 visible');
  },
);

test('uses the name of the shop as the sender of emails, on one line', () => {
  const { EMAIL_FROM } = readWorkerSettings({ SHOP_NAME: ' Ana’s "Bar"\u202e ' });
  expect(EMAIL_FROM).toBe('"Ana’s \\"Bar\\"" <orders@crema.example>');
});
