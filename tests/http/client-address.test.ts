import type { IncomingMessage } from 'node:http';
import { createClientAddress, type TrustedProxies } from '../../api/http/limits/client-address.ts';
import type { Logger } from '../../config/logger.ts';

const from = (remoteAddress: string | undefined, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

const warnings: object[] = [];
const logger = { warn: (fields: object) => warnings.push(fields) } as unknown as Logger;
beforeEach(() => warnings.splice(0));

const addressOf = (trusted: TrustedProxies, remoteAddress: string | undefined, forwarded?: string) =>
  createClientAddress(trusted, logger)(from(remoteAddress, forwarded));

test.each<[string, TrustedProxies, string | undefined, string | undefined, string]>([
  ['no proxy is trusted', 0, '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['no network is trusted', [], '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['one proxy is trusted', 1, '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['a client forges an address before that of the proxy', 1, '10.0.0.1', '192.0.2.66, 203.0.113.9', '203.0.113.9'],
  ['two proxies are trusted', 2, '10.0.0.1', '192.0.2.66, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['the proxies send no X-Forwarded-For', 2, '10.0.0.1', undefined, '10.0.0.1'],
  ['the peer is in a trusted network', ['10.0.0.0/8'], '10.0.0.1', '192.0.2.66, 203.0.113.9', '203.0.113.9'],
  ['several proxies are in a trusted network', ['10.0.0.0/8'], '10.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['the peer is outside the trusted network', ['10.0.0.0/8'], '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['a proxy sends an unreadable address', ['10.0.0.0/8'], '10.0.0.1', '203.0.113.9, <script>', '10.0.0.1'],
  ['an IPv4 address is written as IPv6', ['10.0.0.0/8'], '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['the peer is a NAT64 address', ['10.0.0.0/8'], '64:ff9b::10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['the trusted networks are IPv6 and the peer is IPv4', ['fd00::/8'], '10.0.0.1', '203.0.113.9', '10.0.0.1'],
  ['the address is IPv6, which counts as its network', 0, '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
  ['a proxy sends an IPv6 address', ['fd00::/8'], 'fd00::1', '2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['the client has closed the connection', 1, undefined, '203.0.113.9', 'unknown'],
])('finds the address of a client if %s', (_, trusted, remoteAddress, forwarded, expected) => {
  expect(addressOf(trusted, remoteAddress, forwarded)).toBe(expected);
});

const IPV6 = '2001:db8:1:2::/64';

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['203.0.113.9:40001', '203.0.113.9'],
  ['  203.0.113.9:443\t', '203.0.113.9'],
  ['"203.0.113.9"', '203.0.113.9'],
  ['"203.0.113.9:40001"', '203.0.113.9'],
  ['203.0.113.9:_port', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['::FFFF:cb00:7109', '203.0.113.9'],
  ['[::ffff:203.0.113.9]:40001', '203.0.113.9'],
  ['::ffff:0:203.0.113.9', '203.0.113.9'],
  ['::ffff:0:cb00:7109', '203.0.113.9'],
  ['64:ff9b::203.0.113.9', '203.0.113.9'],
  ['[64:ff9b::cb00:7109]:443', '203.0.113.9'],
  ['2001:db8:1:2::9', IPV6],
  ['2001:0DB8:0001:0002:0000:0000:0000:0009', IPV6],
  ['[2001:db8:1:2::9]', IPV6],
  ['[2001:db8:1:2::9]:443', IPV6],
  ['"[2001:db8:1:2::9]:443"', IPV6],
  ['fe80::9%eth0', 'fe80::/64'],
  ['[fe80::9%25eth0]:443', 'fe80::/64'],
  ['192.0.2.66,203.0.113.9:40001', '203.0.113.9'],
  ['192.0.2.66, , 203.0.113.9,', '203.0.113.9'],
  ['unknown, 203.0.113.9', '203.0.113.9'],
  ['"192.0.2.66, 1.2.3.4", 203.0.113.9', '203.0.113.9'],
  ['"192.0.2.66, "203.0.113.9"', '203.0.113.9'],
  ['"192.0.2.66, 203.0.113.9', '203.0.113.9'],
])('parses <%s> from a proxy as %s', (forwarded, expected) => {
  expect(addressOf(1, '10.0.0.1', forwarded)).toBe(expected);
  expect(addressOf(['10.0.0.0/8'], '10.0.0.1', `${forwarded}, 10.0.0.2:8080`)).toBe(expected);
  expect(warnings).toEqual([]);
});

test('ignores the port: clients behind one address share a limit', () => {
  const addresses = ['203.0.113.9:40001', '203.0.113.9:40002'].map((each) => addressOf(1, '10.0.0.1', each));
  expect(new Set(addresses).size).toBe(1);
});

test.each([
  ...[
    'unknown',
    '_hidden',
    '"_SEVKISEK"',
    'unix:',
    'localhost',
    '203.0.113',
    '203.0.113.256',
    '0xcb007109',
    '010.0.0.9x',
  ],
  ...['203.0.113.9:', '203.0.113.9:port', '203.0.113.9:443:1', '[2001:db8::9', '2001:db8::9]:443', '[2001:db8::9]443'],
  ...['"203.0.113.3, 1.2.3.4"', '"203.0.113.3, x, 1.2.3.4:443"', '"1.2.3.4,203.0.113.9"', '64:ff9b:203.0.113.9'],
  ...['[203.0.113.9:443]', '"203.0.113.9', '203.0.113.9 192.0.2.1', 'for=203.0.113.9', '%', '[]', '[%eth0]'],
])('uses and logs the address of the proxy if the proxy sends <%s>', (forwarded) => {
  expect(addressOf(1, '10.0.0.1', `203.0.113.9, ${forwarded}`)).toBe('10.0.0.1');
  expect(warnings).toEqual([{ proxy: '10.0.0.1', forwarded }]);
});

test('logs one short warning if a trusted proxy sends only unreadable addresses', () => {
  const clientAddress = createClientAddress(1, logger);
  for (let request = 0; request < 3; request += 1) clientAddress(from('10.0.0.1', 'x'.repeat(9_000)));
  expect(warnings).toEqual([{ proxy: '10.0.0.1', forwarded: 'x'.repeat(100) }]);
});

test('does not log unreadable addresses from clients that are not trusted proxies', () => {
  for (const trusted of [0, ['10.0.0.0/8']])
    expect(addressOf(trusted, '198.51.100.1', '<script>')).toBe('198.51.100.1');
  expect(addressOf(1, '10.0.0.1', '<script>, 203.0.113.9:443')).toBe('203.0.113.9');
  expect(warnings).toEqual([]);
});

test('uses the network of a link-local peer', () => {
  expect(addressOf(0, 'fe80::1%eth0')).toBe('fe80::/64');
});
