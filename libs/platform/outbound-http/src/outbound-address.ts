import { promises as dns, type LookupAddress } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Networks that no request may reach: this host, private and reserved ones, and those that lead to them through a translator. [WHK-2] */
const REFUSED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const;

/** `::/96` also has the addresses `::` and `::1`. `64:ff9b::/96` and `64:ff9b:1::/48` are NAT64, `2002::/16` is 6to4, `2001::/32` Teredo. */
const REFUSED_IPV6 = [
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
] as const;

const REFUSED = blockList();

function blockList(): BlockList {
  const list = new BlockList();
  const networks = [
    ...REFUSED_IPV4.map((network) => [network, 'ipv4'] as const),
    ...REFUSED_IPV6.map((network) => [network, 'ipv6'] as const),
  ];
  for (const [network, family] of networks) {
    const [address = '', length] = network.split('/');
    list.addSubnet(address, Number(length), family);
  }
  return list;
}

/** True for an address that no request may reach. An IPv4 address inside of an IPv6 one counts as that address. */
export function isRefused(address: string): boolean {
  const [bare = ''] = address.split('%'); // the zone of a link-local address
  const family = isIP(bare);
  return family === 0 || REFUSED.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

/** The host of a URL as an address or name: `URL` has brought every notation of an IPv4 address into four decimal numbers. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/** True for this host as a person writes it. A name that only resolves to this host is none. */
export function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

const LONGEST_URL = 2_000;
const PORTS = ['', '80', '443'];

/**
 * Why a URL must not be called, as "must be …"; undefined when only its name remains to be resolved. `http` is for this host outside of
 * production, on any port; everything else is https.
 */
export function addressProblem(text: string, production: boolean): string | undefined {
  if (text.length > LONGEST_URL) return `must have at most ${LONGEST_URL} characters`;
  if (!URL.canParse(text)) return 'must be a URL like https://example.com/hooks';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'must have no credentials: every reader of the endpoint would see them';
  if (url.protocol === 'http:' && !production && isLoopback(url)) return undefined;
  if (url.protocol !== 'https:') return 'must begin with https://';
  if (!PORTS.includes(url.port)) return 'must have port 443 or 80';
  const host = hostOf(url);
  if (host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && isRefused(host))) return 'must be a public address';
  return undefined;
}

/** Of one try. The second one waits twice as long. */
const TRY_MS = 2_000;
const TRIES = 2;

/** All addresses of a name, the ones to prefer first. Rejects with a code, such as ENOTFOUND, and ends when `signal` aborts. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly LookupAddress[]>;

/**
 * Asks the name servers directly. The system's resolver occupies one of a few threads for each name and cannot be cancelled, so names of which the
 * server never answers would hold up all other names of the process. `servers`: those of the system, unless given. The system resolves
 * `localhost`, because no name server knows it.
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
