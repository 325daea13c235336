import type { DomainRecordEntry } from './records';

const SOA_TIMES = '1700000000 10800 3600 604800';

/** The zone as one text: the SOA first, then all other records in order of creation. Host names end with a dot. */
export function zoneFile(domain: string, records: readonly DomainRecordEntry[]): string {
  const soaTtl = records.find(({ type }) => type === 'SOA')?.ttl ?? 1800;
  const soa = `${domain}. IN SOA ns1.digitalocean.com. hostmaster.${domain}. ${SOA_TIMES} ${soaTtl}\n`;
  const others = records.filter(({ type }) => type !== 'SOA').map(zoneLine);
  return `$ORIGIN ${domain}.\n$TTL 1800\n${soa}${others.join('')}`;
}

function zoneLine(record: DomainRecordEntry): string {
  const owner = record.name === '@' ? record.domain : `${record.name}.${record.domain}`;
  return `${owner}. ${record.ttl} IN ${record.type} ${zoneData(record)}\n`;
}

function zoneData({ type, data, domain, priority, weight, port, flags, tag }: DomainRecordEntry): string {
  const host = `${data === '@' ? domain : data}.`;
  switch (type) {
    case 'CNAME':
    case 'NS':
      return host;
    case 'MX':
      return `${priority} ${host}`;
    case 'SRV':
      return `${priority} ${weight} ${port} ${host}`;
    case 'CAA':
      return `${flags} ${tag} ${JSON.stringify(data)}`;
    case 'TXT':
      return JSON.stringify(data);
    default:
      return data;
  }
}

/** The addresses of a droplet follow from its id: they never change, and no two of 16 million droplets share one. */
export function publicAddress(dropletId: number): string {
  return `${dropletId % 2 === 0 ? 134 : 167}.${(dropletId >>> 16) & 255}.${(dropletId >>> 8) & 255}.${dropletId & 255}`;
}

export function privateAddress(dropletId: number): string {
  return `10.${(dropletId >>> 16) & 255}.${(dropletId >>> 8) & 255}.${dropletId & 255}`;
}

export function publicIpv6(dropletId: number): string {
  return `2604:a880:400:d0::${(dropletId >>> 16).toString(16)}:${(dropletId & 65535).toString(16)}`;
}

/** A resource name `do:<kind>:<id>`; the id may contain colons (IPv6). */
export interface Urn {
  kind: string;
  id: string;
  text: string;
}

/** Parses a URN; returns undefined for any other value. Kinds are converted to lower case. */
export function parseUrn(input: unknown): Urn | undefined {
  const match = typeof input === 'string' ? /^do:([a-z0-9_]+):(.+)$/i.exec(input) : null;
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const kind = match[1].toLowerCase();
  return { kind, id: match[2], text: `do:${kind}:${match[2]}` };
}

/** The path of the resource's own endpoint, for `links.self`. */
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
