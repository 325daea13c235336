import { promises as dns, type LookupAddress } from 'node:dns';
import { networkInterfaces } from 'node:os';

/** Of one try. The second one waits twice as long. */
const TRY_MS = 2_000;
const TRIES = 2;

/** All addresses of a name, the ones to prefer first. Rejects with a code, such as ENOTFOUND, and ends when `signal` aborts. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly LookupAddress[]>;

/**
 * Asks the name servers directly. The look-ups of the system occupy one of a few threads each and cannot be cancelled, so names of which the server
 * never answers would hold up all other look-ups of the process. `servers`: those of the system, unless given. This host is looked up by the
 * system, because no name server knows it.
 */
export const resolverOf =
  (servers?: readonly string[]): Resolve =>
  async (host, signal) => {
    if (host === 'localhost') return dns.lookup(host, { all: true, verbatim: true });
    const resolver = new dns.Resolver({ timeout: TRY_MS, tries: TRIES });
    if (servers) resolver.setServers(servers);
    signal.addEventListener('abort', () => resolver.cancel(), { once: true });
    const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const ofFamily = (found: PromiseSettledResult<string[]>, family: number) =>
      found.status === 'fulfilled' ? found.value.map((address) => ({ address, family })) : [];
    const addresses = [...ofFamily(ipv4, 4), ...ofFamily(ipv6, 6)];
    if (addresses.length === 0 && ipv4.status === 'rejected') throw ipv4.reason;
    return hasIpv4() ? addresses : addresses.toReversed();
  };

/** False on a host that reaches IPv6 addresses only. */
function hasIpv4(): boolean {
  return Object.values(networkInterfaces()).some((of) => of?.some(({ family, internal }) => family === 'IPv4' && !internal));
}
