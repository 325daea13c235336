import {
  type BillingEntry,
  type FinanceDocument,
  type FinanceInvoice,
  type FinanceVendor,
  importKey,
  type InvoiceRecord,
  vendorKey,
} from './billing-records';
import type { Key } from './collections';
import type {
  Account,
  ActionRecord,
  DomainRecord,
  DomainRecordEntry,
  DropletRecord,
  FirewallRecord,
  ImageRecord,
  LoadBalancerRecord,
  MemberRecord,
  OpaqueRecord,
  PendingEvent,
  ProjectRecord,
  RegionRecord,
  ReservedIpRecord,
  SizeRecord,
  TagRecord,
  VolumeRecord,
  VolumeSnapshotRecord,
} from './records';
import type { VisibilityDelays } from './visibility-delay';

/**
 * The magnitude of the real provider's ids: droplets in 2025, DNS records in May 2024, actions in May 2026 (above 2^31, where clients have
 * failed).
 */
export const FIRST_IDS = { droplet: 572_017_320, image: 183_204_117, action: 3_169_590_176, domain_record: 1_739_652_564 };

/** The collections of the state. A new kind needs a line here, a line in `KEY_OF`, and a group of endpoints. */
export interface Records {
  regions: RegionRecord;
  sizes: SizeRecord;
  images: ImageRecord;
  projects: ProjectRecord;
  members: MemberRecord;
  droplets: DropletRecord;
  actions: ActionRecord;
  tags: TagRecord;
  pending: PendingEvent;
  volumes: VolumeRecord;
  volume_snapshots: VolumeSnapshotRecord;
  domains: DomainRecord;
  domain_records: DomainRecordEntry;
  firewalls: FirewallRecord;
  load_balancers: LoadBalancerRecord;
  floating_ips: ReservedIpRecord;
  reserved_ipv6s: OpaqueRecord;
  vpcs: OpaqueRecord;
  ssh_keys: OpaqueRecord;
  databases: OpaqueRecord;
  kubernetes_clusters: OpaqueRecord;
  apps: OpaqueRecord;
  spaces_keys: OpaqueRecord;
  db_replicas: OpaqueRecord;
  certificates: OpaqueRecord;
  cdn_endpoints: OpaqueRecord;
  registries: OpaqueRecord;
  registry_repositories: OpaqueRecord;
  nat_gateways: OpaqueRecord;
  uptime_checks: OpaqueRecord;
  alert_policies: OpaqueRecord;
  vpc_peerings: OpaqueRecord;
  byoip_prefixes: OpaqueRecord;
  nfs_shares: OpaqueRecord;
  function_namespaces: OpaqueRecord;
  autoscale_pools: OpaqueRecord;
  partner_attachments: OpaqueRecord;
  genai_agents: OpaqueRecord;
  knowledge_bases: OpaqueRecord;
  dedicated_inferences: OpaqueRecord;
  vector_databases: OpaqueRecord;
  invoices: InvoiceRecord;
  billing_history: BillingEntry;
  finance_documents: FinanceDocument;
  finance_invoices: FinanceInvoice;
  finance_vendors: FinanceVendor;
}

export type CollectionName = keyof Records;

const field =
  (name: string) =>
  (record: OpaqueRecord): Key =>
    typeof record[name] === 'number' ? record[name] : String(record[name]);

/** The key of a record, for each collection. */
export const KEY_OF: { [Name in CollectionName]: (record: Records[Name]) => Key } = {
  regions: (region) => region.slug,
  sizes: (size) => size.slug,
  images: (image) => image.id,
  projects: (project) => project.id,
  members: (member) => member.id,
  droplets: (droplet) => droplet.id,
  actions: (action) => action.id,
  tags: (tag) => tag.name.toLowerCase(),
  pending: (event) => event.id,
  volumes: (volume) => volume.id,
  volume_snapshots: (snapshot) => snapshot.id,
  domains: (domain) => domain.name,
  domain_records: (record) => record.id,
  firewalls: (firewall) => firewall.id,
  load_balancers: (balancer) => balancer.id,
  floating_ips: (address) => address.ip,
  reserved_ipv6s: field('ip'),
  vpcs: field('id'),
  ssh_keys: field('id'),
  databases: field('id'),
  kubernetes_clusters: field('id'),
  apps: field('id'),
  spaces_keys: field('access_key'),
  db_replicas: field('id'),
  certificates: field('id'),
  cdn_endpoints: field('id'),
  registries: field('name'),
  registry_repositories: ({ registry_name, name }) => `${String(registry_name)}/${String(name)}`,
  nat_gateways: field('id'),
  uptime_checks: field('id'),
  alert_policies: field('uuid'),
  vpc_peerings: field('id'),
  byoip_prefixes: field('uuid'),
  nfs_shares: field('id'),
  function_namespaces: field('namespace'),
  autoscale_pools: field('id'),
  partner_attachments: field('id'),
  genai_agents: field('uuid'),
  knowledge_bases: field('uuid'),
  dedicated_inferences: field('id'),
  vector_databases: field('id'),
  invoices: (invoice) => invoice.invoice_uuid,
  billing_history: (entry) => entry.id,
  finance_documents: importKey,
  finance_invoices: importKey,
  finance_vendors: vendorKey,
};

/** The last id of each sequence, and the position of the random generator. */
export interface Counters {
  droplet: number;
  image: number;
  action: number;
  member: number;
  domain_record: number;
  pending: number;
  random: number;
}

/** The parts of the state that are single values. */
export interface Values {
  account: Account;
  /** Accepted bearer tokens. */
  tokens: string[];
  lags: VisibilityDelays;
  limits: Limits;
  /**
   * `account_balance`: the debt from before this month, as decimal text. `public_url`: the host in `links` (null: the host of the request);
   * the real API always sends its public host. `finance_secret`: the key that signs tokens of the finance service (null: not checked).
   */
  settings: { public_url: string | null; account_balance?: string; finance_secret?: string | null };
  /** How far the simulator's clock is ahead of the machine's clock. */
  clock: { offset_ms: number };
  counters: Counters;
  /** The options from which the demo invoices are built on first use; null: they have been built, or the account has none. */
  invoice_seed: { seed: number; scale: number; tenants: number; start_ms: number } | null;
}

export type ValueName = keyof Values;

/** The whole state: `GET /_simulator/account` returns it and `PUT` accepts it. */
export type State = Values & { [Name in CollectionName]: Records[Name][] };

/** Requests that one token may send in any 60 seconds and in any 3,600 seconds. */
export const DEFAULT_LIMITS = { per_minute: 250, per_hour: 5_000 };
export type Limits = Record<keyof typeof DEFAULT_LIMITS, number>;
