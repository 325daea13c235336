/** The records that the simulator stores. Field names and times (RFC 3339) are the API's; sizes, regions and images are references. */

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

/** One URN in one project. A resource usually has one row; two rows are possible, as in the real API during a move. */
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
  /** The true power state while `status` still has the old one. */
  unshown_status?: 'active' | 'off';
  /** Views that do not contain the droplet yet, or no longer. */
  hidden?: DropletView[];
  /** Tags with lists that do not contain the droplet yet. */
  unindexed_tags?: string[];
  /** Set once a DELETE was accepted. */
  deleted_at?: string;
  /** The guest ignores a shutdown: the action completes and the droplet stays on. */
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
  /** GET does not return the action yet. */
  hidden?: boolean;
  /** The parameters of the action: new size, name, image, … */
  input?: Record<string, unknown>;
}

export interface TagRecord {
  name: string;
  /** Tagged resources other than droplets (a droplet stores its own tags). */
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
  /** The droplet that a snapshot or backup was taken of; it may have been deleted since. */
  resource_id?: number;
  /** No list contains the image yet. */
  hidden?: boolean;
  /** The pending transfer to another account. */
  transfer_id?: number;
}

export interface VolumeRecord {
  id: string;
  name: string;
  region: string;
  size_gigabytes: number;
  description: string;
  filesystem_type: string;
  filesystem_label: string;
  /** At most one id. */
  droplet_ids: number[];
  tags: string[];
  created_at: string;
}

export interface VolumeSnapshotRecord {
  id: string;
  name: string;
  /** The volume that the snapshot was taken of; it may have been deleted since. */
  resource_id: string;
  region: string;
  min_disk_size: number;
  size_gigabytes: number;
  tags: string[];
  created_at: string;
  /** Deleted, but still listed. */
  deleted?: boolean;
}

/** A reserved address: the API calls it floating or reserved, depending on the path. */
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

/** A DNS record. `name` is relative to the domain; `data` has the form of reads, without a trailing dot. */
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
  /** Empty while the load balancer is new. */
  ip: string;
  size_unit: number;
  algorithm: string;
  status: 'new' | 'active' | 'errored';
  type: 'REGIONAL' | 'REGIONAL_NETWORK' | 'GLOBAL';
  /** Null for a global load balancer. */
  region: string | null;
  created_at: string;
  forwarding_rules: Record<string, unknown>[];
  health_check: Record<string, unknown>;
  sticky_sessions: Record<string, unknown>;
  redirect_http_to_https: boolean;
  droplet_ids: number[];
  tag: string;
  /** Empty in an account without a network. */
  vpc_uuid: string;
  /** Documented fields as sent; the others have their documented defaults. */
  options?: Record<string, unknown>;
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

/** A change that is due at a time of the simulator's clock: the end of a delay, the completion of an action, a late commit. */
export interface PendingEvent {
  id: number;
  due_at_ms: number;
  type: string;
  /** The subject of the event: a droplet id, an action id, a URN, … */
  ref: string | number;
  data?: Record<string, unknown>;
}

/** A record that is stored as the API returns it. */
export type OpaqueRecord = Record<string, unknown>;
