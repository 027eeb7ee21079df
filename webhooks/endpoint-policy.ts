import { Resolver } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';

/** Where a host is. */
interface Address {
  address: string;
  family: 4 | 6;
}

/** Asks for the addresses of a name: none when there is no such name. */
export type Resolve = (hostname: string) => Promise<string[]>;

/** Where webhooks may go: the one policy for their registration and for each of their connections. */
export interface WebhookAddresses {
  /** A sentence on why a webhook cannot have this URL; `undefined` for one that is fine, or whose host is not known today. */
  faultOf(url: URL): Promise<string | undefined>;
  /** All addresses of a URL's host. @throws when one of them is none that webhooks may go to, or there is none; the message is a sentence */
  addressesOf(url: URL): Promise<Address[]>;
}

export interface WebhookAddressOptions {
  /** Refuse plain HTTP. */
  httpsOnly: boolean;
  /** Networks that are no part of the internet, and yet allowed: `10.1.0.0/16`. */
  allowedNetworks: readonly string[];
  /** By default DNS. */
  resolve?: Resolve;
}

/** What the internet has of IPv6 (RFC 4291 §2.4), but for its documentation's (RFC 9637). */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');
const IPV6_DOCUMENTATION = ipaddr.parseCIDR('3fff::/20');

/** Mail, shells and name servers are no webhooks: the ports of the web, and those that are nobody's. */
const isWebPort = (port: number): boolean => port === 80 || port === 443 || port >= 1_024;

export function createWebhookAddresses({
  httpsOnly,
  allowedNetworks,
  resolve = resolveByDns,
}: WebhookAddressOptions): WebhookAddresses {
  const networks = allowedNetworks.map((network) => ipaddr.parseCIDR(network));

  function mayBeReached(text: string): boolean {
    const address = ipaddr.parse(text);
    if (networks.some((network) => address.kind() === network[0].kind() && address.match(network))) return true;
    if (address.range() !== 'unicast') return false;
    // A table of what is special is never complete: of IPv6 counts what is known to be public.
    return address.kind() === 'ipv4' || (address.match(GLOBAL_IPV6) && !address.match(IPV6_DOCUMENTATION));
  }

  function faultInForm({ protocol, username, password, port }: URL): string | undefined {
    if (protocol !== 'https:' && (httpsOnly || protocol !== 'http:')) return 'must be https://…';
    if (username || password) return 'must not hold a user or a password: requests are signed';
    if (port && !isWebPort(Number(port))) return 'must have one of the ports 80, 443 and 1024 to 65535';
    return undefined;
  }

  async function known(url: URL): Promise<string[]> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return ipaddr.isValid(host) ? [host] : resolve(host);
  }

  async function addressesOf(url: URL): Promise<Address[]> {
    const fault = faultInForm(url);
    if (fault) throw new Error(`The endpoint’s URL ${fault}.`);
    const addresses = await known(url);
    if (addresses.length === 0) throw new Error('The endpoint’s host has no address.');
    // One that is forbidden is enough: nobody is to choose among them by failing.
    if (!addresses.every(mayBeReached)) throw new Error('The endpoint is at an address that webhooks may not go to.');
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  }

  async function faultOf(url: URL): Promise<string | undefined> {
    const fault = faultInForm(url);
    if (fault) return fault;
    // Who cannot be found today may be there tomorrow: each connection is checked again.
    const addresses = await known(url).catch(() => []);
    return addresses.every(mayBeReached) ? undefined : 'leads to an address that webhooks may not go to';
  }

  return { faultOf, addressesOf };
}

const NO_SUCH_NAME = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * Asks the name servers themselves: the system's own look-up waits in one of four threads that the process has for
 * everything, where a name server that hangs would hold up all other webhooks.
 */
async function resolveByDns(hostname: string): Promise<string[]> {
  // RFC 6761 §6.3: it is no name server's to say.
  if (/^(.+\.)?localhost\.?$/.test(hostname)) return ['127.0.0.1', '::1'];
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  const nothing = (error: NodeJS.ErrnoException) => {
    if (NO_SUCH_NAME.has(error.code ?? '')) return [];
    throw new Error('The endpoint’s host cannot be looked up now.', { cause: error });
  };
  const both = [resolver.resolve4(hostname).catch(nothing), resolver.resolve6(hostname).catch(nothing)];
  return (await Promise.all(both)).flat();
}
