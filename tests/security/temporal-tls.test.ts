import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createSecureServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporalConnection } from '../../config/temporal-connection.ts';
import { run } from '../config/run-command.ts';
import { openShop, type Shop } from '../shop.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-tls-'));
const file = (name: string) => join(folder, name);

/** Creates a temporary certificate authority and its certificates in {@link folder}. */
function makeCertificates(): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = (name: string) =>
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
  writeFileSync(
    file('ca.cnf'),
    '[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\n',
  );
  for (const authority of ['ca', 'other']) {
    newKey(authority);
    const self = ['-new', '-x509', '-days', '1', '-config', 'ca.cnf', '-extensions', 'ca', '-subj', `/CN=${authority}`];
    openssl('req', ...self, '-key', `${authority}.key`, '-out', `${authority}.crt`);
  }
  writeFileSync(file('leaf.ext'), 'basicConstraints=CA:FALSE\nsubjectAltName=DNS:temporal.example\n');
  for (const leaf of ['server', 'client']) {
    newKey(leaf);
    openssl('req', '-new', '-config', 'ca.cnf', '-key', `${leaf}.key`, '-subj', `/CN=${leaf}`, '-out', `${leaf}.csr`);
    const signed = [
      '-req',
      '-days',
      '1',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      'leaf.ext',
    ];
    openssl('x509', ...signed, '-in', `${leaf}.csr`, '-out', `${leaf}.crt`);
  }
}

interface Call {
  path: string;
  authorization: string | undefined;
}

/** Starts a TLS proxy for Temporal that requires a client certificate, as Temporal Cloud does, and records the calls. */
async function startTlsProxy() {
  const calls: Call[] = [];
  const temporal = connect(`http://${process.env.TEMPORAL_ADDRESS}`);
  const [key, cert, ca] = ['server.key', 'server.crt', 'ca.crt'].map((name) => readFileSync(file(name))) as Buffer[];
  const server = createSecureServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true } as never);
  server.on('stream', (stream, headers) => {
    calls.push({ path: String(headers[':path']), authorization: headers.authorization });
    const { ':scheme': _scheme, ':authority': _authority, ...rest } = headers;
    const onward = temporal.request(rest);
    let trailers: IncomingHttpHeaders = {};
    stream.pipe(onward);
    onward.on('response', ({ ...answer }, flags) => {
      const whole = (flags & 1) === 1;
      if (!stream.destroyed) stream.respond(answer, whole ? { endStream: true } : { waitForTrailers: true });
    });
    onward.on('trailers', (last) => {
      trailers = last;
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    onward.pipe(stream);
    stream.on('error', () => onward.destroy()).on('close', () => onward.destroy());
    onward.on('error', () => stream.destroy());
  });
  server.on('sessionError', () => {});
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close() {
      temporal.destroy();
      server.close();
    },
  };
}

let proxy: Awaited<ReturnType<typeof startTlsProxy>>;
let shop: Shop;
let tls: Record<string, string>;
beforeAll(async () => {
  makeCertificates();
  proxy = await startTlsProxy();
  tls = {
    TEMPORAL_ADDRESS: proxy.address,
    TEMPORAL_TLS: 'on',
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('ca.crt'),
    TEMPORAL_TLS_CLIENT_CERT_PATH: file('client.crt'),
    TEMPORAL_TLS_CLIENT_KEY_PATH: file('client.key'),
    TEMPORAL_TLS_SERVER_NAME: 'temporal.example',
    TEMPORAL_API_KEY: 'only-for-temporal',
  };
  shop = await openShop({ environment: tls });
}, 60_000);
afterAll(async () => {
  await shop?.close();
  proxy?.close();
  rmSync(folder, { recursive: true });
});

describe('Temporal with TLS', () => {
  test('receives certificate and key from API, worker and commands', async () => {
    const { body } = await shop.place();
    for (const status of ['preparation', 'ready', 'delivered'] as const) {
      expect((await shop.move(body.id, status)).status).toBe(200);
    }
    await shop.waitForEnd(body.id);
    const environment = { ...(shop.environment as Record<string, string>), ...tls };
    const prepared = await run('worker/prepare-namespace.ts', environment);
    expect([prepared.code, prepared.output]).toEqual([0, expect.stringContaining('The reconciler runs every')]);
    // Only this order's workflow: Temporal has the workflows of all tests.
    const resumed = await run('worker/reconcile.ts', environment, '--resume', body.id);
    expect([resumed.code, resumed.output]).toEqual([2, expect.stringContaining('is running or has completed')]);

    const called = new Set(proxy.calls.map(({ path }) => path.split('/').at(-1)));
    expect([...called]).toEqual(
      expect.arrayContaining([
        'StartWorkflowExecution',
        'RespondWorkflowTaskCompleted',
        'ListSearchAttributes',
        'GetWorkflowExecutionHistory',
      ]),
    );
    expect(new Set(proxy.calls.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer only-for-temporal']),
    );
  }, 60_000);

  test('rejects clients without a certificate or with another authority', async () => {
    const unused = await startTlsProxy();
    const wrong: typeof tls = { ...tls, TEMPORAL_ADDRESS: unused.address };
    const { TEMPORAL_TLS_CLIENT_CERT_PATH: _cert, TEMPORAL_TLS_CLIENT_KEY_PATH: _key, ...nobody } = wrong;
    const attempts = [{ ...wrong, TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('other.crt') }, nobody];
    const codes = await Promise.all(attempts.map((environment) => run('worker/prepare-namespace.ts', environment)));
    expect(codes.map(({ code }) => code)).toEqual([1, 1]);
    expect(unused.calls).toEqual([]);
    unused.close();
  }, 60_000);
});

describe('The TLS settings', () => {
  const here = { TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_TLS: 'on' } as const;
  test.each([
    [{ ...here, TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere.crt' }, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH: ENOENT'],
    [{ ...here, TEMPORAL_TLS_CLIENT_CERT_PATH: import.meta.filename }, 'go together: set both or neither'],
    [{ ...here, TEMPORAL_TLS: 'off', TEMPORAL_API_KEY: 'key' } as const, 'are for TEMPORAL_TLS=on'],
    [{ ...here, TEMPORAL_TLS: 'off', TEMPORAL_TLS_CLIENT_CERT_PATH: 'x' } as const, 'are for TEMPORAL_TLS=on'],
  ])('are rejected with a clear message: %j', (settings, words) => {
    expect(() => temporalConnection(settings)).toThrow(words);
  });

  test('use the certificate authorities of the system by default', () => {
    expect(temporalConnection(here)).toEqual({ address: 'temporal:7233', tls: {} });
    expect(temporalConnection({ ...here, TEMPORAL_TLS: 'off' })).toEqual({ address: 'temporal:7233' });
  });
});
