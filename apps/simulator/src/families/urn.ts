/** Kinds that a project can take in. `reservedip` is answered with an error: reserved IPs are still called `floatingip` here. */
const ASSIGNABLE = [
  'droplet',
  'domain',
  'volume',
  'floatingip',
  'loadbalancer',
  'dbaas',
  'kubernetes',
  'app',
  'space',
  'reservedipv6',
  'floatingipv6',
];

/** A resource name `do:<kind>:<id>`; the id may hold colons (IPv6). */
export interface Urn {
  kind: string;
  id: string;
  text: string;
}

/** Reads a URN; undefined for anything else. Kinds are compared in lower case. */
export function parseUrn(input: unknown): Urn | undefined {
  const match = typeof input === 'string' ? /^do:([a-z0-9_]+):(.+)$/i.exec(input) : null;
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const kind = match[1].toLowerCase();
  return { kind, id: match[2], text: `do:${kind}:${match[2]}` };
}

export function isAssignable({ kind }: Urn): boolean {
  return ASSIGNABLE.includes(kind);
}

/** Path of the resource's own endpoint, for `links.self`. */
export function selfPath({ kind, id }: Urn): string {
  const folders: Record<string, string> = {
    droplet: 'droplets',
    domain: 'domains',
    volume: 'volumes',
    floatingip: 'floating_ips',
    floatingipv6: 'reserved_ipv6',
    reservedipv6: 'reserved_ipv6',
    loadbalancer: 'load_balancers',
    dbaas: 'databases',
    kubernetes: 'kubernetes/clusters',
    app: 'apps',
    image: 'images',
    volumesnapshot: 'snapshots',
  };
  return `/v2/${folders[kind] ?? `${kind}s`}/${encodeURIComponent(id)}`;
}
