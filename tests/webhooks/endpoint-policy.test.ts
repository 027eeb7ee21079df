import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlainServer, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createEndpointPolicy } from '../../webhooks/endpoint-policy.ts';
import { createSender } from '../../webhooks/sender.ts';
import { startReceiver } from './receiver.ts';

/** The options of production. */
const strict = { httpsOnly: true, allowedNetworks: [] };
const at = (...addresses: string[]) => createEndpointPolicy({ ...strict, resolve: async () => addresses });

const FORBIDDEN = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '169.254.170.2',
  '100.64.0.1',
  '100.127.255.255',
  '100.100.100.200',
  '192.0.0.8',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::808:808',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a00:1::1',
  '3fff::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
];

const PUBLIC = ['8.8.8.8', '1.1.1.1', '100.63.255.255', '172.32.0.1', '2606:4700::1111', '2a00:1450:4001::1'];

const literal = (address: string) => new URL(`https://${address.includes(':') ? `[${address}]` : address}/hooks`);

describe('addresses', () => {
  test.each(FORBIDDEN)('forbids %s, as a literal or by name', async (address) => {
    const name = new URL('https://hooks.example/');
    expect(await at(address).faultOf(name)).toBe('must not have a private or reserved address');
    expect(await at().faultOf(literal(address))).toBe('must not have a private or reserved address');
    for (const attempt of [at(address).addressesOf(name), at().addressesOf(literal(address))]) {
      await expect(attempt).rejects.toThrow('The endpoint has a private or reserved address.');
    }
    // One forbidden address is enough to reject the host.
    await expect(at('8.8.8.8', address).addressesOf(name)).rejects.toThrow('private or reserved');
    await expect(at(address, '8.8.8.8').addressesOf(name)).rejects.toThrow('private or reserved');
  });

  test.each(PUBLIC)('allows %s', async (address) => {
    expect(await at(address).faultOf(new URL('https://hooks.example/'))).toBeUndefined();
    const family = address.includes(':') ? 6 : 4;
    expect(await at().addressesOf(literal(address))).toEqual([{ address, family }]);
  });

  test.each(['2130706433', '0x7f.1', '0177.0.0.1', '127.1', '①②⑦.0.0.1'])(
    'forbids %s, another notation of 127.0.0.1',
    async (host) => {
      expect(await at().faultOf(new URL(`https://${host}/`))).toMatch(/private or reserved/);
    },
  );

  test.each(['localhost', 'localhost.', 'hooks.localhost'])('forbids %s', async (host) => {
    const { faultOf } = createEndpointPolicy(strict);
    expect(await faultOf(new URL(`https://${host}/`))).toMatch(/private or reserved/);
  });

  test('allows the networks that are configured, not their neighbours', async () => {
    const { faultOf } = createEndpointPolicy({ ...strict, allowedNetworks: ['10.1.0.0/16', 'fd00:1::/32'] });
    for (const allowed of ['10.1.2.3', 'fd00:1::7']) expect(await faultOf(literal(allowed))).toBeUndefined();
    for (const forbidden of ['10.2.0.1', 'fd00:2::7', '::ffff:10.1.2.3'])
      expect(await faultOf(literal(forbidden))).toMatch(/./);
  });

  test('accepts an unknown host name at registration, but sends no request to it', async () => {
    const unknown = new URL('https://nobody.invalid/');
    const nameServerDown = createEndpointPolicy({ ...strict, resolve: () => Promise.reject(new Error('Down.')) });
    expect(await at().faultOf(unknown)).toBeUndefined();
    await expect(at().addressesOf(unknown)).rejects.toThrow('The endpoint’s host has no address.');
    expect(await nameServerDown.faultOf(unknown)).toBeUndefined();
    await expect(nameServerDown.addressesOf(unknown)).rejects.toThrow('Down.');
    await expect(createEndpointPolicy(strict).addressesOf(unknown)).rejects.toThrow(/^The endpoint’s host .*\.$/);
  });
});

test.each([
  ['http://hooks.example/', 'must be https://…'],
  ['ftp://hooks.example/', 'must be https://…'],
  ['https://crema@hooks.example/', 'must not contain a username or password: requests are signed instead'],
  ['https://:secret@hooks.example/', 'must not contain a username or password: requests are signed instead'],
  ['https://hooks.example:22/', 'must use port 80, 443 or 1024 to 65535'],
  ['https://hooks.example:25/', 'must use port 80, 443 or 1024 to 65535'],
])('rejects %s: %s', async (url, fault) => {
  expect(await at('8.8.8.8').faultOf(new URL(url))).toBe(fault);
  await expect(at('8.8.8.8').addressesOf(new URL(url))).rejects.toThrow(`The endpoint’s URL ${fault}.`);
});

test('reports errors of its own to the caller, not as faults of the endpoint', async () => {
  const send = createSender({ addressesOf: () => Promise.reject(new TypeError('a bug')), timeout: 25_000 });
  await expect(send('https://hooks.example/', {}, '{}')).rejects.toThrow('a bug');
});

describe('changing DNS answers', () => {
  const headers = { 'content-length': '2' };

  test('are checked for every request', async () => {
    const receiver = await startReceiver();
    const answers = [['127.0.0.1'], ['127.0.0.2'], ['127.0.0.1', '169.254.169.254'], []];
    const { addressesOf } = createEndpointPolicy({
      httpsOnly: false,
      allowedNetworks: ['127.0.0.1/32'],
      resolve: async () => answers.shift() ?? [],
    });
    const send = createSender({ addressesOf, timeout: 25_000 });
    const post = () => send(`http://hooks.example:${receiver.port}/`, headers, '{}');

    expect(await post()).toEqual({ status: 204, error: null, response: '' });
    for (let forbidden = 0; forbidden < 2; forbidden += 1) {
      expect(await post()).toMatchObject({
        status: null,
        error: 'The endpoint has a private or reserved address.',
      });
    }
    expect(await post()).toMatchObject({ status: null, error: 'The endpoint’s host has no address.' });

    expect(receiver.received.map(({ headers }) => headers.host)).toEqual([`hooks.example:${receiver.port}`]);
    await receiver.close();
  });

  test('do not affect the connection, which uses the checked addresses', async () => {
    const receiver = await startReceiver();
    let lookups = 0;
    const { addressesOf } = createEndpointPolicy({
      httpsOnly: false,
      allowedNetworks: ['127.0.0.1/32', '::1/128'],
      resolve: async () => {
        lookups += 1;
        return lookups === 1 ? ['::1', '127.0.0.1'] : ['127.0.0.2'];
      },
    });
    const send = createSender({ addressesOf, timeout: 25_000 });

    const reply = await send(`http://hooks.example:${receiver.port}/`, headers, '{}');

    // No server listens on ::1, so the connection used the second address.
    expect(reply).toMatchObject({ status: 204 });
    expect(lookups).toBe(1);
    await receiver.close();
  });

  test('do not help an endpoint without a certificate for its host name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crema-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=hooks.example'],
        ...['-addext', 'subjectAltName=DNS:hooks.example', '-keyout', key, '-out', cert],
      ],
      { stdio: 'ignore' },
    );
    const requested: unknown[] = [];
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      requested.push([(request.socket as { servername?: string }).servername, request.headers.host]);
      response.writeHead(200).end('thanks');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { addressesOf } = createEndpointPolicy({
      httpsOnly: true,
      allowedNetworks: ['127.0.0.0/8'],
      resolve: async () => ['127.0.0.1'],
    });
    const send = createSender({ addressesOf, timeout: 25_000 });
    const post = (host: string) => send(`https://${host}:${port}/`, headers, '{}');

    const untrusted = await post('hooks.example');
    const before = getCACertificates();
    setDefaultCACertificates([...before, readFileSync(cert, 'utf8')]);
    const [trusted, mismatch] = [await post('hooks.example'), await post('other.example')];
    setDefaultCACertificates(before);

    expect(untrusted).toMatchObject({ status: null, error: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT') });
    expect(trusted).toEqual({ status: 200, error: null, response: 'thanks' });
    expect(mismatch).toMatchObject({ status: null, error: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') });
    expect(requested).toEqual([['hooks.example', `hooks.example:${port}`]]);
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
});

describe('connections to endpoints', () => {
  const headers = { 'content-length': '2' };
  const allowed = { httpsOnly: false, allowedNetworks: ['127.0.0.0/8'] };

  /** Starts an endpoint that records the local address of each connection. */
  async function startEndpoint(behaviour: (response: ServerResponse, served: number) => void) {
    const connections: string[] = [];
    const served = new WeakMap<object, number>();
    const server = createPlainServer((request, response) => {
      const count = (served.get(request.socket) ?? 0) + 1;
      served.set(request.socket, count);
      request.resume().once('end', () => behaviour(response, count));
    });
    server.on('connection', ({ localAddress }) => connections.push(String(localAddress)));
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const close = () => {
      server.closeAllConnections();
      server.close();
    };
    return { connections, close, url: `http://hooks.example:${(server.address() as AddressInfo).port}/` };
  }

  test('are reused while the host has the same addresses', async () => {
    const endpoint = await startEndpoint((response) => response.writeHead(204).end());
    const answers = [['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2'], ['127.0.0.2'], ['127.0.0.1']];
    const { addressesOf } = createEndpointPolicy({ ...allowed, resolve: async () => answers.shift() ?? [] });
    const send = createSender({ addressesOf, timeout: 25_000 });

    for (let left = answers.length; left > 0; left -= 1) {
      expect(await send(endpoint.url, headers, '{}')).toMatchObject({ status: 204 });
    }

    expect(endpoint.connections).toEqual(['127.0.0.1', '127.0.0.2']);
    endpoint.close();
  });

  test('are replaced if the endpoint closes a reused connection', async () => {
    const endpoint = await startEndpoint((response, served) => {
      if (served > 1) response.socket?.destroy();
      else response.writeHead(204).end();
    });
    const { addressesOf } = createEndpointPolicy({ ...allowed, resolve: async () => ['127.0.0.1'] });
    const send = createSender({ addressesOf, timeout: 25_000 });

    for (let times = 0; times < 3; times += 1) {
      expect(await send(endpoint.url, headers, '{}')).toEqual({ status: 204, error: null, response: '' });
    }

    // The second request began on the first connection and was repeated on a new one, which was not kept.
    expect(endpoint.connections).toHaveLength(3);
    endpoint.close();
  });
});
