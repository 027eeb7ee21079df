import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

/** Who may say whom a request comes from: so many proxies, one behind the other, or proxies in these networks (CIDR). */
export type TrustedProxies = number | readonly string[];

type Address = ReturnType<typeof ipaddr.process>;

/** What one line is given: whoever has one IPv6 address has all of its network. */
const IPV6_NETWORK_BITS = 64;

/**
 * Tells where a request comes from: who is connected or, if that is a trusted proxy, whom it saw. An IPv6 address stands
 * for its network.
 */
export function createClientAddress(trusted: TrustedProxies): (request: IncomingMessage) => string {
  const networks = typeof trusted === 'number' ? [] : trusted.map((network) => ipaddr.parseCIDR(network));
  const isTrusted = (address: Address, hops: number) =>
    typeof trusted === 'number'
      ? hops < trusted
      : networks.some((network) => network[0].kind() === address.kind() && address.match(network));

  return ({ socket, headers }) => {
    // Nobody, once the client has hung up.
    if (!socket.remoteAddress) return 'unknown';
    let address = ipaddr.process(socket.remoteAddress);
    // Each proxy adds whom it saw at the end; what stands before the last trusted one's word, the client may have made up.
    const seen = [headers['x-forwarded-for'] ?? []].flat().join().split(',');
    for (let hops = 0; seen.length > 0 && isTrusted(address, hops); hops += 1) {
      const next = seen.pop()?.trim() ?? '';
      if (!ipaddr.isValid(next)) break;
      address = ipaddr.process(next);
    }
    return nameOf(address);
  };
}

function nameOf(address: Address): string {
  if (address.kind() === 'ipv4') return address.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/${IPV6_NETWORK_BITS}`);
  return `${network}/${IPV6_NETWORK_BITS}`;
}
