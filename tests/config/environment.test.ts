import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, readEnvironment } from '../../config/environment.ts';
import { readApiConfig, readDatabaseConfig, readTemporalConfig, readWorkerConfig } from '../../config/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-config-'));
const file = join(folder, '.env');
afterAll(() => rmSync(folder, { recursive: true }));

function environmentFrom(text: string) {
  writeFileSync(file, text);
  return readEnvironment(file);
}

describe('When settings are read from a file', () => {
  test('then the environment counts more, and no file at all is fine', () => {
    expect(environmentFrom('PATH=mine\nCREMA_TEST=from-the-file\n')).toMatchObject({
      PATH: process.env.PATH,
      CREMA_TEST: 'from-the-file',
    });
    expect(readEnvironment(join(folder, 'nothing'))).toBe(process.env);
  });

  test.each([
    ['comments, blank lines and export', '# hello\n\nexport CREMA_TEST=value', 'value'],
    ['quotes', 'CREMA_TEST="a value"', 'a value'],
    ['a value over several lines', 'CREMA_TEST="one\ntwo = 2\nthree"', 'one\ntwo = 2\nthree'],
    ['no value', 'CREMA_TEST=', ''],
  ])('then it may have %s', (_, text, value) => {
    expect(environmentFrom(text).CREMA_TEST).toBe(value);
  });

  test.each([
    ['a line that sets nothing', 'PORT=5000\nPORT 5001', 'Line 2'],
    ['a name that is none', '5PORT=1', 'Line 1'],
    ['a quote that nobody closes', 'EMAIL_FROM="Crema\nPORT=1', 'never closed'],
  ])('then %s is named in one sentence', (_, text, words) => {
    expect(() => environmentFrom(text)).toThrow(ConfigurationError);
    expect(() => environmentFrom(text)).toThrow(words);
  });
});

describe('When a process reads its settings', () => {
  test('then development needs none', () => {
    expect(readApiConfig({})).toMatchObject({ PORT: 5000, PUBLIC_URL: 'http://localhost:5000', CURRENCY: 'USD' });
    expect(readApiConfig({ PORT: '5005' })).toMatchObject({ PORT: 5005, PUBLIC_URL: 'http://localhost:5005' });
    expect(readWorkerConfig({ WORKER_HEALTH_PORT: '' })).toMatchObject({ WORKER_HEALTH_PORT: 5001 });
    expect(readTemporalConfig({})).toMatchObject({ TEMPORAL_NAMESPACE: 'default' });
  });

  test('then production has no defaults for addresses, and every missing one is named', () => {
    const production = { NODE_ENV: 'production' };
    for (const name of ['PUBLIC_URL', 'DATABASE_URL', 'TEMPORAL_ADDRESS']) {
      expect(() => readApiConfig(production)).toThrow(`${name}: `);
    }
    for (const name of ['PUBLIC_URL', 'REDIS_URL', 'SMTP_URL', 'EMAIL_FROM', 'ORDERS_EMAIL']) {
      expect(() => readWorkerConfig(production)).toThrow(`${name}: `);
    }
    expect(() => readDatabaseConfig(production)).toThrow('DATABASE_URL: ');
  });

  test.each([
    [{ PORT: 'coffee' }, 'PORT: '],
    [{ PORT: '70000' }, 'PORT: '],
    [{ DATABASE_URL: 'mysql://localhost/x' }, 'DATABASE_URL: must be a URL of the form postgres://…'],
    [{ TEMPORAL_ADDRESS: 'localhost' }, 'TEMPORAL_ADDRESS: must be of the form host:port'],
    [{ CURRENCY: 'dollars' }, 'CURRENCY: must be an ISO 4217 code'],
    [{ NODE_ENV: 'staging' }, 'NODE_ENV: '],
    [{ PORT: 'x', CURRENCY: 'y' }, 'CURRENCY: '],
  ])('then %j is refused with the name of the culprit', (environment, words) => {
    expect(() => readApiConfig(environment)).toThrow(ConfigurationError);
    expect(() => readApiConfig(environment)).toThrow(words);
  });

  test('then Amazon SES needs a region', () => {
    expect(() => readWorkerConfig({ NOTIFICATIONS_ENV: 'production' })).toThrow('AWS_REGION is missing');
    const unfinished = { NODE_ENV: 'production', NOTIFICATIONS_ENV: 'production' };
    expect(() => readWorkerConfig(unfinished)).not.toThrow('SMTP_URL');
    expect(readWorkerConfig({ NOTIFICATIONS_ENV: 'staging' })).toMatchObject({ SMTP_URL: 'smtp://127.0.0.1:1025' });
    const region = { NOTIFICATIONS_ENV: 'production', AWS_REGION: 'eu-west-1' };
    expect(readWorkerConfig(region)).toMatchObject(region);
  });
});
