import type { IncomingMessage } from 'node:http';
import { createClientAddress, type TrustedProxies } from '../../api/limits/client-address.ts';

const addressOf = (trusted: TrustedProxies, remoteAddress: string | undefined, forwarded?: string) =>
  createClientAddress(trusted)({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  } as unknown as IncomingMessage);

test.each<[string, TrustedProxies, string | undefined, string | undefined, string]>([
  ['nobody is trusted', 0, '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['no network is trusted', [], '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['one proxy stands before us', 1, '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['a client made up the rest', 1, '10.0.0.1', '192.0.2.66, 203.0.113.9', '203.0.113.9'],
  ['two proxies stand before us', 2, '10.0.0.1', '192.0.2.66, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['the proxies say nothing', 2, '10.0.0.1', undefined, '10.0.0.1'],
  ['a proxy of a network says it', ['10.0.0.0/8'], '10.0.0.1', '192.0.2.66, 203.0.113.9', '203.0.113.9'],
  ['more proxies of a network say it', ['10.0.0.0/8'], '10.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['somebody outside the network says it', ['10.0.0.0/8'], '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['a proxy says nonsense', ['10.0.0.0/8'], '10.0.0.1', '203.0.113.9, <script>', '10.0.0.1'],
  ['an IPv4 address is written as IPv6', ['10.0.0.0/8'], '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['the networks are of the other kind', ['fd00::/8'], '10.0.0.1', '203.0.113.9', '10.0.0.1'],
  ['a line has a whole IPv6 network', 0, '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
  ['IPv6 comes by a proxy', ['fd00::/8'], 'fd00::1', '2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['the client has hung up', 1, undefined, '203.0.113.9', 'unknown'],
])('When %s, then a request comes from there', (_, trusted, remoteAddress, forwarded, expected) => {
  expect(addressOf(trusted, remoteAddress, forwarded)).toBe(expected);
});
