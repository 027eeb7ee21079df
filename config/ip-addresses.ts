import ipaddr from 'ipaddr.js';

export type IpAddress = ReturnType<typeof ipaddr.process>;

/** Ranges of IPv6 addresses whose last 32 bits are an IPv4 address: `::ffff:…`, and those of translators (RFC 6145, RFC 6052). */
export const IPV4_IN_IPV6: ReadonlySet<string> = new Set(['ipv4Mapped', 'rfc6145', 'rfc6052']);

/** Reads a valid address; an IPv4 address inside an IPv6 address is read as that IPv4 address. */
export function parseAddress(text: string): IpAddress {
  const address = ipaddr.parse(text);
  return IPV4_IN_IPV6.has(address.range()) ? ipaddr.fromByteArray(address.toByteArray().slice(-4)) : address;
}
