import { Resolver } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';

export interface Address {
  address: string;
  family: 4 | 6;
}

/** Returns the IP addresses of a host name; an empty list if the name does not exist. */
export type Resolve = (hostname: string) => Promise<string[]>;

/** The reason why an endpoint receives no request, or has sent no response. Its message is a sentence for managers. */
export class EndpointFault extends Error {}

export interface EndpointPolicyOptions {
  /** Rejects plain HTTP. */
  httpsOnly: boolean;
  /** Private networks that are allowed, such as `10.1.0.0/16`. */
  allowedNetworks: readonly string[];
  /** Looks up host names; with DNS by default. */
  resolve?: Resolve;
}

/** The public range of IPv6 (RFC 4291 §2.4), and the documentation addresses within it (RFC 9637). */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');
const IPV6_DOCUMENTATION = ipaddr.parseCIDR('3fff::/20');

/** Returns false for the well-known ports of other protocols, such as mail and SSH. */
const isWebPort = (port: number): boolean => port === 80 || port === 443 || port >= 1_024;

/** Creates the rules for URLs of webhooks. They apply at registration and at each request. */
export function createEndpointPolicy(options: EndpointPolicyOptions) {
  const { httpsOnly, resolve = resolveByDns } = options;
  const networks = options.allowedNetworks.map((network) => ipaddr.parseCIDR(network));

  function isAllowed(text: string): boolean {
    const address = ipaddr.parse(text);
    if (networks.some((network) => address.kind() === network[0].kind() && address.match(network))) return true;
    if (address.range() !== 'unicast') return false;
    // ipaddr.js does not list every special range of IPv6, so only the public range is allowed.
    return address.kind() === 'ipv4' || (address.match(GLOBAL_IPV6) && !address.match(IPV6_DOCUMENTATION));
  }

  function faultInForm({ protocol, username, password, port }: URL): string | undefined {
    if (protocol !== 'https:' && (httpsOnly || protocol !== 'http:')) return 'must be https://…';
    if (username || password) return 'must not contain a username or password: requests are signed instead';
    if (port && !isWebPort(Number(port))) return 'must use port 80, 443 or 1024 to 65535';
    return undefined;
  }

  async function lookUp(url: URL): Promise<string[]> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return ipaddr.isValid(host) ? [host] : resolve(host);
  }

  return {
    /**
     * Returns all addresses of the URL's host.
     *
     * @throws {EndpointFault} if the URL or one of the addresses is forbidden, or if there is no address
     */
    async addressesOf(url: URL): Promise<Address[]> {
      const fault = faultInForm(url);
      if (fault) throw new EndpointFault(`The endpoint’s URL ${fault}.`);
      const addresses = await lookUp(url);
      if (addresses.length === 0) throw new EndpointFault('The endpoint’s host has no address.');
      // All addresses must be allowed, because an endpoint could force the use of a forbidden one by failing at the others.
      if (!addresses.every(isAllowed)) throw new EndpointFault('The endpoint has a private or reserved address.');
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    },

    /** Returns the rule that a URL violates, as “must …”; undefined if the URL is allowed or its host cannot be resolved. */
    async faultOf(url: URL): Promise<string | undefined> {
      const fault = faultInForm(url);
      if (fault) return fault;
      const addresses = await lookUp(url).catch(() => []);
      return addresses.every(isAllowed) ? undefined : 'must not have a private or reserved address';
    },
  };
}

export type EndpointPolicy = ReturnType<typeof createEndpointPolicy>;

const UNKNOWN_NAME = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * Queries the name servers directly instead of with `dns.lookup`. That function occupies one of libuv's four threads, so a name
 * server that does not answer would delay all webhooks.
 */
async function resolveByDns(hostname: string): Promise<string[]> {
  // localhost must not be looked up in DNS (RFC 6761 §6.3).
  if (/^(.+\.)?localhost\.?$/.test(hostname)) return ['127.0.0.1', '::1'];
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  const emptyIfUnknown = (error: NodeJS.ErrnoException) => {
    if (UNKNOWN_NAME.has(error.code ?? '')) return [];
    throw new EndpointFault('The endpoint’s host cannot be resolved now.', { cause: error });
  };
  const both = [resolver.resolve4(hostname).catch(emptyIfUnknown), resolver.resolve6(hostname).catch(emptyIfUnknown)];
  return (await Promise.all(both)).flat();
}
