/** What the simulator stores. Field names and times (RFC 3339) are the API's; nested size, region and image objects are kept as references. */

export interface Account {
  droplet_limit: number;
  floating_ip_limit: number;
  reserved_ip_limit: number;
  volume_limit: number;
  name: string;
  email: string;
  uuid: string;
  email_verified: boolean;
  status: string;
  status_message: string;
  team?: { uuid: string; name: string };
}

export interface ProjectRecord {
  id: string;
  owner_uuid: string;
  owner_id: number;
  name: string;
  description: string;
  purpose: string;
  environment: string;
  is_default: boolean;
  created_at: string;
  updated_at: string;
}

export type MemberStatus = 'ok' | 'not_found' | 'assigned' | 'already_assigned' | 'service_down';

/** One URN in one project. A resource usually has one row; two rows (as the API may show during a move) are possible. */
export interface MemberRecord {
  id: number;
  project_id: string;
  urn: string;
  assigned_at: string;
  status: MemberStatus;
}

type DropletStatus = 'new' | 'active' | 'off' | 'archive';
export type DropletView = 'get' | 'list' | 'tag';

export interface BackupPolicy {
  plan: 'daily' | 'weekly';
  weekday?: string;
  hour: number;
}

export interface DropletRecord {
  id: number;
  name: string;
  size_slug: string;
  region: string;
  image_id: number;
  status: DropletStatus;
  /** Disk in GiB; differs from the size's after a resize that kept the disk. */
  disk: number;
  tags: string[];
  features: string[];
  backup_policy?: BackupPolicy;
  backup_ids: number[];
  snapshot_ids: number[];
  volume_ids: string[];
  public_ipv4: string | null;
  private_ipv4: string | null;
  public_ipv6: string | null;
  vpc_uuid: string;
  created_at: string;
  /** The true power state while `status` still shows the old one. */
  unshown_status?: 'active' | 'off';
  /** Views in which the droplet cannot be seen yet, or no longer. */
  hidden?: DropletView[];
  /** Tags under which the droplet cannot be found yet. */
  unindexed_tags?: string[];
  /** Set once a DELETE was accepted. */
  deleted_at?: string;
  /** A guest that does not react: `shutdown` completes and the droplet stays on. */
  ignores_shutdown?: boolean;
}

export interface ActionRecord {
  id: number;
  status: 'in-progress' | 'completed' | 'errored';
  type: string;
  started_at: string;
  completed_at: string | null;
  resource_id: number | null;
  resource_type: string;
  region_slug: string | null;
  /** Not readable yet. */
  hidden?: boolean;
  /** What the action was asked to do: new size, name, image, … */
  input?: Record<string, unknown>;
}

export interface TagRecord {
  name: string;
  /** URNs of what carries the tag and is not a droplet (droplets name their tags themselves). */
  others: { resource_id: string; resource_type: string }[];
}

export interface ImageRecord {
  id: number;
  name: string;
  type: 'base' | 'snapshot' | 'backup' | 'custom' | 'admin' | 'application';
  distribution: string;
  slug: string | null;
  public: boolean;
  regions: string[];
  created_at: string;
  min_disk_size: number;
  size_gigabytes: number;
  description: string;
  tags: string[];
  status: 'NEW' | 'available' | 'pending' | 'deleted' | 'retired';
  /** The droplet that a snapshot or backup was taken of; it may be long gone. */
  resource_id?: number;
  /** In no list yet. */
  hidden?: boolean;
}

export interface VolumeRecord {
  id: string;
  name: string;
  region: string;
  size_gigabytes: number;
  description: string;
  filesystem_type: string;
  filesystem_label: string;
  /** At most one. */
  droplet_ids: number[];
  tags: string[];
  created_at: string;
}

export interface VolumeSnapshotRecord {
  id: string;
  name: string;
  /** The volume that it was taken of; it may be long gone. */
  resource_id: string;
  region: string;
  min_disk_size: number;
  size_gigabytes: number;
  tags: string[];
  created_at: string;
  /** Gone, but still listed. */
  deleted?: boolean;
}

/** An address that is kept: the API calls it floating or reserved, by the path that is asked. */
export interface ReservedIpRecord {
  ip: string;
  region: string;
  droplet_id: number | null;
  locked: boolean;
  project_id: string;
}

export interface DomainRecord {
  name: string;
  ttl: number | null;
  zone_file: string | null;
}

/** A record of a domain; `name` is relative to it, `data` as it is read: without a dot at its end. */
export interface DomainRecordEntry {
  id: number;
  domain: string;
  type: string;
  name: string;
  data: string;
  priority: number | null;
  port: number | null;
  ttl: number;
  weight: number | null;
  flags: number | null;
  tag: string | null;
}

export interface FirewallRecord {
  id: string;
  name: string;
  status: 'waiting' | 'succeeded' | 'failed';
  created_at: string;
  droplet_ids: number[];
  tags: string[];
  inbound_rules: Record<string, unknown>[];
  outbound_rules: Record<string, unknown>[];
}

export interface LoadBalancerRecord {
  id: string;
  name: string;
  project_id: string;
  /** Empty while it is new. */
  ip: string;
  size_unit: number;
  algorithm: string;
  status: 'new' | 'active' | 'errored';
  type: 'REGIONAL' | 'REGIONAL_NETWORK' | 'GLOBAL';
  /** Null when it is global. */
  region: string | null;
  created_at: string;
  forwarding_rules: Record<string, unknown>[];
  health_check: Record<string, unknown>;
  sticky_sessions: Record<string, unknown>;
  redirect_http_to_https: boolean;
  droplet_ids: number[];
  tag: string;
  vpc_uuid: string;
}

export interface SizeRecord {
  slug: string;
  memory: number;
  vcpus: number;
  disk: number;
  transfer: number;
  price_monthly: number;
  price_hourly: number;
  regions: string[];
  available: boolean;
  description: string;
  disk_info: { type: string; size: { amount: number; unit: string } }[];
  gpu_info?: { count: number; model: string; vram: { amount: number; unit: string } };
}

export interface RegionRecord {
  slug: string;
  name: string;
  features: string[];
  available: boolean;
  sizes: string[];
}

/** Something that will happen at a time of the simulator's clock: a lag that ends, an action that completes, a late commit. */
export interface PendingEvent {
  id: number;
  due_at_ms: number;
  type: string;
  /** What it happens to: a droplet id, an action id, a URN, … */
  ref: string | number;
  data?: Record<string, unknown>;
}

/** A record of a kind that has no endpoints yet. */
export type OpaqueRecord = Record<string, unknown>;
