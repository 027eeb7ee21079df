import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type IpAddress, parseAddress } from '../../../config/ip-addresses.ts';
import type { Logger } from '../../../config/logger.ts';

/** The proxies whose `X-Forwarded-For` is trusted: the number of proxies in a row, or their networks (CIDR). */
export type TrustedProxies = number | readonly string[];

/**
 * The prefix length of an IPv6 client's network, in bits. The network counts as one client, because a client can use every
 * address in it.
 */
const IPV6_NETWORK_BITS = 64;

/** The maximum length of an unreadable address in the log, in UTF-16 code units. */
const LOGGED_LENGTH = 100;

/**
 * Returns a function that finds the address of a request's client: the peer or, behind trusted proxies, the last address in
 * `X-Forwarded-For` that is not a trusted proxy's. An IPv6 address is given as its network. If a trusted proxy sends an
 * unreadable address, the result is the address of that proxy. The first such case is logged.
 */
export function createClientAddress(
  trusted: TrustedProxies,
  logger: Pick<Logger, 'warn'>,
): (request: Pick<IncomingMessage, 'socket' | 'headers'>) => string {
  const networks = typeof trusted === 'number' ? [] : trusted.map((network) => ipaddr.parseCIDR(network));
  const isTrusted = (address: IpAddress, hops: number) =>
    typeof trusted === 'number'
      ? hops < trusted
      : networks.some((network) => network[0].kind() === address.kind() && address.match(network));
  let hasWarned = false;

  function warn(proxy: IpAddress, forwarded: string): void {
    if (hasWarned) return;
    hasWarned = true;
    logger.warn(
      { proxy: proxy.toString(), forwarded: forwarded.slice(0, LOGGED_LENGTH) },
      'X-Forwarded-For of a trusted proxy is not an IP address; such requests share the limits of the proxy',
    );
  }

  return ({ socket, headers }) => {
    // undefined once the client has closed the connection
    let address = addressIn(socket.remoteAddress ?? '');
    if (!address) return 'unknown';
    // Each proxy appends the address of its peer, so the addresses are read from the end. A client can forge all addresses
    // before those that trusted proxies appended.
    const forwarded = elementsOf([headers['x-forwarded-for'] ?? []].flat().join());
    for (let hops = 0; forwarded.length > 0 && isTrusted(address, hops); hops += 1) {
      const element = forwarded.pop() ?? '';
      const next = addressIn(element);
      if (!next) {
        warn(address, element);
        break;
      }
      address = next;
    }
    return nameOf(address);
  };
}

/**
 * Returns the non-empty elements of a list header (RFC 9110 §5.6.1). Parses from the end, because trusted proxies have written
 * the last elements. A quotation mark from a client must not change how those are read.
 */
const elementsOf = (list: string): string[] =>
  (reversed(list).match(/(?:"[^"]*"|[^,])+/g) ?? [])
    .map((element) => reversed(element).trim())
    .filter((element) => element !== '')
    .reverse();

const reversed = (text: string): string => [...text].reverse().join('');

/** Matches `192.0.2.1:443` and `[2001:db8::1]:443`. The port is optional, and may be obfuscated (RFC 7239 §6.2). */
const HOST_AND_PORT = /^(?:([\d.]+)|\[([^\]]+)\])(?::(?:\d{1,5}|_[\w.-]+))?$/;

/** Parses an address from a proxy: bare or quoted, with or without a port or an IPv6 zone. */
function addressIn(element: string): IpAddress | undefined {
  const unquoted = element.replace(/^"(.*)"$/, '$1');
  const [, ipv4, ipv6] = HOST_AND_PORT.exec(unquoted) ?? [];
  const [address = ''] = (ipv4 ?? ipv6 ?? unquoted).split('%');
  return isIP(address) ? parseAddress(address) : undefined;
}

function nameOf(address: IpAddress): string {
  if (address.kind() === 'ipv4') return address.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/${IPV6_NETWORK_BITS}`);
  return `${network}/${IPV6_NETWORK_BITS}`;
}
