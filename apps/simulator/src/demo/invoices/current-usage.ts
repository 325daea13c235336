import type { SeededRandom } from '../../world/random';
import type { DropletRecord } from '../../world/records';
import {
  BALANCER_CENTS,
  type BilledAccount,
  ownedThroughout,
  sizeCents,
  SNAPSHOT_CENTS_PER_GB,
  UNUSED_IP_CENTS,
  type UsageInterval,
  VOLUME_CENTS_PER_GIB,
} from './billed-account';

const DAY_MS = 86_400_000;
const SMALLER: Record<string, string> = {
  's-1vcpu-2gb': 's-1vcpu-1gb',
  's-2vcpu-2gb': 's-1vcpu-2gb',
  's-2vcpu-4gb': 's-2vcpu-2gb',
  's-4vcpu-8gb': 's-2vcpu-4gb',
};

/** The usage intervals of all current resources. */
export function currentUsage(account: BilledAccount, random: SeededRandom): UsageInterval[] {
  return [
    ...account.state.droplets.flatMap((droplet, nth) => dropletUsage(account, droplet, nth)),
    ...storageUsage(account),
    ...networkUsage(account),
  ].map((interval) => (interval.product === 'Droplet Snapshots' && random.next() < 0.3 ? { ...interval, ids: {} } : interval));
}

/** A droplet and its backups. Every fifth droplet was resized halfway; the oldest droplet of some clients came from another client. */
function dropletUsage(account: BilledAccount, droplet: DropletRecord, nth: number): UsageInterval[] {
  const { id, name, size_slug: slug, features, created_at } = droplet;
  const fromMs = Date.parse(created_at);
  const halfMs = fromMs + Math.floor((account.startMs - fromMs) / 2_000) * 1_000;
  const previousSlug = nth % 5 === 0 ? SMALLER[slug] : undefined;
  const sizes = [
    ...(previousSlug === undefined ? [] : [{ fromMs, slug: previousSlug }]),
    { fromMs: previousSlug === undefined ? fromMs : halfMs, slug },
  ];
  const isGpu = slug.startsWith('gpu-');
  const interval: UsageInterval = {
    kind: 'droplet',
    product: isGpu ? 'GPU Droplets' : 'Droplets',
    ids: { resource_id: String(id) },
    providerId: String(id),
    exists: true,
    fromMs,
    toMs: Infinity,
    owners: ownersOf(account, droplet, nth),
    parts: sizes.map((size) => ({ fromMs: size.fromMs, description: `${name} (${size.slug})`, monthlyCents: sizeCents(size.slug) })),
  };
  if (!features.includes('backups')) return [interval];
  return [interval, backupsOf(interval, name, nth % 4 === 0 ? 'daily' : 'weekly', account.isUniqueName(name))];
}

/** The backups of a droplet. Their lines have no id when the name identifies the droplet. */
export function backupsOf(interval: UsageInterval, name: string, backups: 'weekly' | 'daily', isAlone: boolean): UsageInterval {
  const description = `${name} (${backups === 'daily' ? 'Daily' : 'Weekly'} Backup Services)`;
  const parts = interval.parts.map((part) => ({ ...part, description }));
  return { ...interval, product: 'Droplet Backups', ids: isAlone ? {} : interval.ids, parts, backups };
}

/** The oldest droplet of the third client, and of every fourth client after it, belonged to the next client until half a year ago. */
function ownersOf(
  { ownerOf, projects, state, startMs }: BilledAccount,
  { id, created_at }: DropletRecord,
  nth: number,
): UsageInterval['owners'] {
  const project = ownerOf(`do:droplet:${id}`);
  const clients = projects.filter(({ tenant }) => tenant !== null);
  const place = clients.indexOf(project);
  const before = clients[place + 1];
  const movedMs = startMs - (170 + place) * DAY_MS;
  const isOldest = !state.droplets.slice(0, nth).some((other) => ownerOf(`do:droplet:${other.id}`) === project);
  if (place % 4 !== 2 || before === undefined || !isOldest || Date.parse(created_at) > movedMs - 30 * DAY_MS)
    return ownedThroughout(project);
  return [
    { fromMs: -Infinity, project: before },
    { fromMs: movedMs, project },
  ];
}

/** Snapshots and volumes, each since its creation. */
function storageUsage({ state, ownerOf }: BilledAccount): UsageInterval[] {
  const ongoing = (
    fields: Pick<UsageInterval, 'kind' | 'product' | 'ids' | 'providerId' | 'owners'>,
    from: string,
    description: string,
    cents: number,
  ) => {
    const fromMs = Date.parse(from);
    return { ...fields, exists: true, fromMs, toMs: Infinity, parts: [{ fromMs, description, monthlyCents: cents }] };
  };
  const billed = new Set(state.droplets.map(({ id }) => id));
  const images = state.images.filter(({ type, resource_id }) => type === 'snapshot' && billed.has(resource_id ?? 0));
  return [
    ...images.map(({ id, name, regions, size_gigabytes, created_at, resource_id }) => {
      const owners = ownedThroughout(ownerOf(`do:droplet:${resource_id}`));
      const fields = { kind: 'snapshot', product: 'Droplet Snapshots', ids: { resource_id: String(id) }, providerId: String(id), owners };
      return ongoing(fields, created_at, snapshotText(name, regions[0] ?? '', size_gigabytes, 'Droplet'), snapshotCents(size_gigabytes));
    }),
    ...state.volumes.map(({ id, name, region, size_gigabytes, created_at }) => {
      const owners = ownedThroughout(ownerOf(`do:volume:${id}`));
      const fields = { kind: 'volume', product: 'Volumes', ids: { resource_uuid: id }, providerId: id, owners };
      return ongoing(fields, created_at, `${name} (${region}) ${size_gigabytes}GB`, size_gigabytes * VOLUME_CENTS_PER_GIB);
    }),
    ...state.volume_snapshots.map(({ id, name, region, size_gigabytes, created_at, resource_id }) => {
      const owners = ownedThroughout(ownerOf(`do:volume:${resource_id}`));
      const fields = { kind: 'snapshot', product: 'Volume Snapshots', ids: { resource_uuid: id }, providerId: id, owners };
      return ongoing(fields, created_at, snapshotText(name, region, size_gigabytes, 'Volume'), snapshotCents(size_gigabytes));
    }),
  ];
}

export function snapshotText(name: string, region: string, sizeGb: number, of: 'Droplet' | 'Volume'): string {
  return `${name} (${region}) ${sizeGb}GB ${of} Snapshot`;
}

/** The monthly price of a snapshot in cents, by hundredths of a gigabyte. */
export function snapshotCents(sizeGb: number): number {
  return Math.max(1, Math.floor((Math.round(sizeGb * 100) * SNAPSHOT_CENTS_PER_GB + 50) / 100));
}

/** Unassigned addresses, load balancers and clusters. Resources without a creation time are billed since they joined their project. */
function networkUsage({ state, ownerOf, projects }: BilledAccount): UsageInterval[] {
  const joined = new Map(state.members.map(({ urn, assigned_at }) => [urn, Date.parse(assigned_at)]));
  const ongoing = (
    fields: Omit<UsageInterval, 'exists' | 'fromMs' | 'toMs' | 'owners' | 'parts'>,
    urn: string,
    parts: [string, number][],
    fromMs = joined.get(urn) ?? -Infinity,
  ): UsageInterval[] => {
    const owners = ownedThroughout(ownerOf(urn));
    return parts.map(([description, monthlyCents]) => {
      return { ...fields, exists: true, fromMs, toMs: Infinity, owners, parts: [{ fromMs, description, monthlyCents }] };
    });
  };
  const clusters = state.members.filter(({ urn, status }) => status === 'ok' && /^do:(dbaas|kubernetes|app):/.test(urn));
  return [
    ...state.floating_ips
      .filter(({ droplet_id }) => droplet_id === null)
      .flatMap(({ ip }) => {
        const fields = { kind: 'floating_ip', product: 'Floating IPs', ids: {}, providerId: ip };
        return ongoing(fields, `do:floatingip:${ip}`, [[`Unused Floating IP - ${ip}`, UNUSED_IP_CENTS]]);
      }),
    ...state.load_balancers.flatMap(({ id, name, size_unit, created_at }) => {
      const fields = { kind: 'load_balancer', product: 'Load Balancers', ids: { resource_uuid: id }, providerId: id };
      return ongoing(fields, `do:loadbalancer:${id}`, [[`${name} (lb-small)`, BALANCER_CENTS * size_unit]], Date.parse(created_at));
    }),
    ...clusters.flatMap(({ urn, project_id }) => {
      const [, type = '', id = ''] = urn.split(':');
      const tenant = projects.find((project) => project.id === project_id)?.tenant ?? 'agency';
      const of = { ids: { resource_uuid: id }, providerId: id };
      if (type === 'dbaas')
        return ongoing({ ...of, kind: 'managed_db', product: 'Database Clusters', group: `${tenant}-db` }, urn, [
          [`${tenant}-db (db-s-1vcpu-2gb)`, 3_000],
        ]);
      if (type === 'app')
        return ongoing({ ...of, kind: 'app', product: 'App Platform', group: `${tenant}-app` }, urn, [
          [`${tenant}-app (apps-s-1vcpu-0.5gb)`, 500],
        ]);
      const pools: [string, number][] = [
        [id.replaceAll('-', ''), 4_800],
        [`${id.replaceAll('-', '')}-burst`, 2_400],
      ];
      return ongoing({ ...of, kind: 'k8s_cluster', product: 'Kubernetes Clusters', group: `${tenant}-cluster, main` }, urn, pools);
    }),
  ];
}
