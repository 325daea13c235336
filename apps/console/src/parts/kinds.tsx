import type { Schemas } from '../client/client';
import { IconBox, IconCamera, IconDatabase, IconFolder, IconLoadBalancer, IconMapPin, IconNetwork, IconServer, IconWall } from './icons';
import { words } from './format';

const ICONS: Readonly<Record<string, typeof IconBox>> = {
  droplet: IconServer,
  volume: IconDatabase,
  managed_db: IconDatabase,
  snapshot: IconCamera,
  droplet_backup: IconCamera,
  load_balancer: IconLoadBalancer,
  firewall: IconWall,
  dns_zone: IconNetwork,
  floating_ip: IconMapPin,
  project: IconFolder,
};

const NAMES: Readonly<Record<string, string>> = {
  dns_zone: 'DNS zone',
  floating_ip: 'Reserved IP',
  droplet_backup: 'Backup',
  managed_db: 'Database',
  k8s_cluster: 'Kubernetes cluster',
  k8s_node_pool: 'Kubernetes node pool',
  db_replica: 'Database replica',
  ssh_key: 'SSH key',
  vpc: 'Network',
  nat_gateway: 'NAT gateway',
  reserved_ipv6: 'Reserved IPv6',
  cdn_endpoint: 'CDN endpoint',
  dns_record: 'DNS record',
  spaces_bucket: 'Bucket',
  vpc_peering: 'Network peering',
  byoip_prefix: 'Own address range',
  nfs_share: 'NFS share',
  genai_agent: 'GenAI agent',
};

export const kindName = (kind: string): string => NAMES[kind] ?? words(kind);

/** The plural in a sentence: "3 volumes". */
export function kindsName(kind: string, howMany: number): string {
  const name = kindName(kind);
  const lower = /^[A-Z]{2}|^Kubernetes/.test(name) ? name : name.charAt(0).toLowerCase() + name.slice(1);
  return howMany === 1 ? lower : /[^aeiou]y$/.test(lower) ? lower.replace(/y$/, 'ies') : `${lower}s`;
}

/** The plural as a heading: "Volumes". */
export function kindsHead(kind: string): string {
  const plural = kindsName(kind, 2);
  return plural.charAt(0).toUpperCase() + plural.slice(1);
}

export function KindIcon({ kind, size = 14 }: { readonly kind: string; readonly size?: number }) {
  const Icon = ICONS[kind] ?? IconBox;
  return <Icon size={size} stroke={1.75} aria-hidden />;
}

/** The name of a resource in a table, with the icon of its kind. */
export function KindCell({ kind, name }: { readonly kind: string; readonly name: string }) {
  return (
    <span className="nm">
      <KindIcon kind={kind} />
      <span className="trunc">{name}</span>
    </span>
  );
}

interface KindItemProps {
  readonly kind: string;
  readonly name: string;
  /** At the end of the first line. */
  readonly aside: React.ReactNode;
  /** The second line. */
  readonly children: React.ReactNode;
}

/** A resource in a list on a narrow screen. */
export function KindItem({ kind, name, aside, children }: KindItemProps) {
  return (
    <div className="item">
      <KindIcon kind={kind} size={16} />
      <b className="trunc" style={{ fontWeight: 550 }}>
        {name}
      </b>
      {aside}
      <span className="l2">{children}</span>
    </div>
  );
}

/** What people choose of a resource: its size, or what takes the place of one. */
export function sizeText(resource: { kind: string; size_slug: string | null; attrs: Record<string, unknown> }): string {
  const { attrs } = resource;
  if (resource.size_slug) return resource.size_slug;
  if (typeof attrs.size_gigabytes === 'number') return `${attrs.size_gigabytes} GiB`;
  if (resource.kind === 'load_balancer' && typeof attrs.size_unit === 'number') return `${attrs.size_unit} nodes`;
  if (Array.isArray(attrs.inbound_rules)) return `${attrs.inbound_rules.length} rules in`;
  return '';
}

/** A kind is late after two of its intervals: one list may still be on its way. */
const LATE_AFTER = 2;

/** By how much a kind is late, ms; null for one that is in time, or has no list. Pure. */
export function lateBy(
  { has_list: hasList, status, cadence_s: cadence, last_complete_at: at }: Schemas['KindResponse'],
  nowMs: number,
): number | null {
  if (!hasList || status !== 'available' || at === null) return null;
  const over = nowMs - Date.parse(at) - cadence * 1_000 * LATE_AFTER;
  return over > 0 ? over : null;
}
