import type { BackupPolicy, DropletRecord, ImageRecord } from '../world/records';
import { apiTime, type World } from '../world/world';
import { imageView } from './images.endpoints';

/** The image inside a droplet. It remains after the image has been deleted. */
function dropletImageView(world: World, imageId: number): Record<string, unknown> {
  const image = world.collections.images.get(imageId);
  if (image !== undefined) return imageView(image);
  const deleted = {
    id: imageId,
    name: 'Deleted image',
    type: 'snapshot',
    distribution: 'Unknown',
    slug: null,
    public: false,
    regions: [],
  } as const;
  const created = { created_at: '2020-01-01T00:00:00Z', min_disk_size: 0, size_gigabytes: 0, description: '', tags: [], status: 'deleted' };
  return { ...deleted, ...created, error_message: '' };
}

/** A snapshot or backup in the list of its droplet, where the id is an integer. */
export function dropletSnapshotView({
  id,
  name,
  created_at,
  regions,
  min_disk_size,
  size_gigabytes,
  type,
}: ImageRecord): Record<string, unknown> {
  return { id, name, created_at, regions, min_disk_size, size_gigabytes, type };
}

const HOUR_MS = 3_600_000;
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** A droplet in the API's format: nested size, region and image, and networks once they exist. `user_data` is never returned. */
export function dropletView(world: World, droplet: DropletRecord): Record<string, unknown> {
  const size = world.collections.sizes.get(droplet.size_slug);
  return {
    id: droplet.id,
    name: droplet.name,
    memory: size?.memory ?? 1024,
    vcpus: size?.vcpus ?? 1,
    disk: droplet.disk,
    disk_info: [{ type: 'local', size: { amount: droplet.disk, unit: 'gib' } }],
    locked: false,
    status: droplet.status,
    kernel: null,
    created_at: droplet.created_at,
    features: droplet.features,
    backup_ids: droplet.backup_ids,
    next_backup_window: droplet.features.includes('backups') ? nextBackupWindow(world, droplet) : null,
    snapshot_ids: droplet.snapshot_ids,
    image: dropletImageView(world, droplet.image_id),
    volume_ids: droplet.volume_ids,
    size,
    size_slug: droplet.size_slug,
    networks: networks(droplet),
    region: world.collections.regions.get(droplet.region),
    tags: droplet.tags,
    vpc_uuid: droplet.vpc_uuid,
    ...(size?.gpu_info && { gpu_info: size.gpu_info }),
  };
}

/** The networks of a droplet. The API guarantees no order: half of the droplets list the private address first. */
function networks(droplet: DropletRecord): { v4: unknown[]; v6: unknown[] } {
  const v4: unknown[] = [];
  if (droplet.public_ipv4 !== null) {
    const gateway = droplet.public_ipv4.replace(/\d+$/, '1');
    v4.push({ ip_address: droplet.public_ipv4, netmask: '255.255.240.0', gateway, type: 'public' });
  }
  if (droplet.private_ipv4 !== null) v4.push({ ip_address: droplet.private_ipv4, netmask: '255.255.0.0', gateway: 'nil', type: 'private' });
  if (droplet.id % 2 === 1) v4.reverse();
  const v6 =
    droplet.public_ipv6 === null ? [] : [{ ip_address: droplet.public_ipv6, netmask: 64, gateway: '2604:a880:400:d0::1', type: 'public' }];
  return { v4, v6 };
}

/** The next backup window. It moves as time passes, which a client must not treat as a change of the droplet. */
function nextBackupWindow(world: World, droplet: DropletRecord): { start: string; end: string } {
  const policy = policyOf(droplet);
  const start = new Date(world.nowMs);
  start.setUTCHours(policy.hour, 0, 0, 0);
  const fits = (): boolean => start.getTime() > world.nowMs && (policy.plan === 'daily' || WEEKDAYS[start.getUTCDay()] === policy.weekday);
  for (let day = 0; day < 8 && !fits(); day++) start.setUTCDate(start.getUTCDate() + 1);
  return { start: apiTime(start.getTime()), end: apiTime(start.getTime() + 23 * HOUR_MS) };
}

/** The ordered policy, or the weekly one that the provider chose. */
function policyOf({ id, backup_policy: ordered }: DropletRecord): BackupPolicy {
  return ordered ?? { plan: 'weekly', weekday: WEEKDAYS[id % 7], hour: (id % 6) * 4 };
}

/** The backup policy of a droplet, with or without backups. */
export function backupPolicyView(world: World, droplet: DropletRecord): Record<string, unknown> {
  if (!droplet.features.includes('backups')) return { droplet_id: droplet.id, backup_enabled: false };
  const policy = policyOf(droplet);
  return {
    droplet_id: droplet.id,
    backup_enabled: true,
    backup_policy: { ...policy, window_length_hours: 4, retention_period_days: policy.plan === 'daily' ? 7 : 28 },
    next_backup_window: nextBackupWindow(world, droplet),
  };
}
