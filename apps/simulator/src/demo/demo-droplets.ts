import { privateAddress, publicAddress, publicIpv6 } from '../world/derived-fields';
import type { SeededRandom } from '../world/random';
import type { ActionRecord, DropletRecord, ImageRecord } from '../world/records';
import { apiTime } from '../world/world';
import { OFFERED_SIZES } from './demo-offers';
import { OWN_DROPLETS, type Tenant } from './demo-projects';

const DAY_MS = 86_400_000;
const OLDEST_DAYS = 800;
const ROLES = ['web', 'app', 'db', 'web', 'worker', 'cache', 'staging', 'web', 'mail'];
const SIZE_OF_ROLE: Record<string, string> = {
  web: 's-1vcpu-2gb',
  app: 's-2vcpu-4gb',
  db: 's-4vcpu-8gb',
  worker: 's-2vcpu-2gb',
  cache: 's-1vcpu-1gb',
  staging: 's-1vcpu-1gb',
  mail: 's-1vcpu-512mb-10gb',
};
const IMAGE_IDS = [155_133_621, 129_211_873, 152_781_236, 154_111_908, 155_133_621, 112_929_454];
const GPU_IMAGE_ID = 171_004_116;

/** A droplet of the demo account with the tenant that pays for it (undefined: the agency itself). */
interface DemoDroplet {
  droplet: DropletRecord;
  tenant?: Tenant;
}

/** Creates `60 × scale` droplets over all tenants, oldest first, and one GPU droplet each for Kestrel and Dune Labs. */
export function demoDroplets(
  random: SeededRandom,
  startMs: number,
  { scale, tenants, firstId, vpcs }: { scale: number; tenants: readonly Tenant[]; firstId: number; vpcs: Map<string, string> },
): DemoDroplet[] {
  const owners = [
    ...tenants.flatMap((tenant) => Array.from({ length: tenant.droplets }, () => tenant)),
    ...Array.from({ length: OWN_DROPLETS }),
  ];
  const count = Math.max(1, Math.round(owners.length * scale));
  const counts = new Map<string, number>();
  let id = firstId;
  const make = (index: number): DemoDroplet => {
    const tenant = owners[(index * 7) % owners.length] as Tenant | undefined;
    const owner = tenant?.id ?? 'agency';
    const nth = counts.get(owner) ?? 0;
    counts.set(owner, nth + 1);
    id += random.integer(1, 37);
    const createdMs = startMs - Math.floor((1 - index / count) * OLDEST_DAYS * DAY_MS) - random.integer(0, DAY_MS);
    return { tenant, droplet: siteDroplet(random, { id, nth, owner, region: tenant?.region ?? 'syd1', createdMs, vpcs }) };
  };
  const sites = Array.from({ length: count }, (_, index) => make(index));
  const gpus = [
    { owner: 'kestrel', region: 'nyc1' },
    { owner: 'dunelabs', region: 'ams3' },
  ].map(({ owner, region }) => {
    const tenant = tenants.find((candidate) => candidate.id === owner);
    return { tenant, droplet: gpuDroplet((id += random.integer(1, 37)), owner, region, startMs, vpcs) };
  });
  return [...sites, ...gpus];
}

interface Draft {
  id: number;
  nth: number;
  owner: string;
  region: string;
  createdMs: number;
  vpcs: Map<string, string>;
}

function siteDroplet(random: SeededRandom, { id, nth, owner, region, createdMs, vpcs }: Draft): DropletRecord {
  const role = ROLES[nth % ROLES.length] ?? 'web';
  const round = Math.floor(nth / ROLES.length) * 3 + ROLES.slice(0, nth % ROLES.length).filter((other) => other === role).length;
  const size_slug = SIZE_OF_ROLE[role] ?? 's-1vcpu-1gb';
  const hasBackups = role === 'db' || role === 'app' || random.next() < 0.2;
  const hasIpv6 = random.next() < 0.25;
  const isOff = role === 'staging' ? random.next() < 0.6 : random.next() < 0.04;
  return {
    id,
    name: owner === 'agency' && nth >= 4 ? 'legacy-web' : `${owner}-${role}-${String(round + 1).padStart(2, '0')}`,
    size_slug,
    region,
    image_id: random.pick(size_slug === 's-1vcpu-512mb-10gb' ? IMAGE_IDS.slice(0, 2) : IMAGE_IDS),
    status: isOff ? 'off' : 'active',
    disk: OFFERED_SIZES.find(({ slug }) => slug === size_slug)?.disk ?? 25,
    tags: [role, role === 'staging' ? 'env:staging' : 'env:prod', `client:${owner}`],
    features: [...(hasBackups ? ['backups'] : []), ...(hasIpv6 ? ['ipv6'] : []), 'monitoring', 'droplet_agent', 'private_networking'],
    backup_ids: [],
    snapshot_ids: [],
    volume_ids: [],
    public_ipv4: publicAddress(id),
    private_ipv4: privateAddress(id),
    public_ipv6: hasIpv6 ? publicIpv6(id) : null,
    vpc_uuid: vpcs.get(region) ?? '',
    created_at: apiTime(createdMs),
    ...(role === 'mail' && { ignores_shutdown: true }),
  };
}

function gpuDroplet(id: number, owner: string, region: string, startMs: number, vpcs: Map<string, string>): DropletRecord {
  return {
    id,
    name: `${owner}-gpu-01`,
    size_slug: 'gpu-h100x1-80gb',
    region,
    image_id: GPU_IMAGE_ID,
    status: 'active',
    disk: 720,
    tags: ['gpu', 'env:prod', `client:${owner}`],
    features: ['droplet_agent', 'private_networking'],
    backup_ids: [],
    snapshot_ids: [],
    volume_ids: [],
    public_ipv4: publicAddress(id),
    private_ipv4: privateAddress(id),
    public_ipv6: null,
    vpc_uuid: vpcs.get(region) ?? '',
    created_at: apiTime(startMs - 20 * DAY_MS),
  };
}

const WEEKLY_BACKUPS = 2;

/** Creates snapshots of every third droplet and the last weekly backups of droplets with backups; the droplets get their ids. */
export function demoImages(random: SeededRandom, startMs: number, droplets: DropletRecord[], firstId: number): ImageRecord[] {
  const images: ImageRecord[] = [];
  let id = firstId;
  const add = (droplet: DropletRecord, type: 'snapshot' | 'backup', daysAgo: number): number => {
    id += random.integer(1, 37);
    const createdMs = Math.max(startMs - daysAgo * DAY_MS, Date.parse(droplet.created_at) + 3_600_000);
    images.push({
      id,
      name: type === 'snapshot' ? `${droplet.name}-${createdMs}` : `${droplet.name} ${apiTime(createdMs).slice(0, 10)}`,
      type,
      distribution: 'Ubuntu',
      slug: null,
      public: false,
      regions: [droplet.region],
      created_at: apiTime(createdMs),
      min_disk_size: droplet.disk,
      size_gigabytes: random.integer(120, 1_900) / 100,
      description: '',
      tags: [],
      status: 'available',
      resource_id: droplet.id,
    });
    return id;
  };
  for (const [index, droplet] of droplets.entries()) {
    if (index % 3 === 0) droplet.snapshot_ids = [add(droplet, 'snapshot', random.integer(1, 300))];
    if (!droplet.features.includes('backups')) continue;
    if (index % 4 === 0) droplet.backup_policy = { plan: 'daily', hour: (droplet.id % 6) * 4 }; // as its invoices are written
    droplet.backup_ids = Array.from({ length: WEEKLY_BACKUPS }, (_, week) => add(droplet, 'backup', 7 * (WEEKLY_BACKUPS - week)));
  }
  return images;
}

/** Creates the create action of every second droplet, in order of time, as history for the action feed. */
export function demoActions(random: SeededRandom, droplets: DropletRecord[], firstId: number): ActionRecord[] {
  let id = firstId;
  const created = droplets.filter((_, index) => index % 2 === 0).sort((one, other) => one.created_at.localeCompare(other.created_at));
  return created.map((droplet) => {
    id += random.integer(1, 37);
    const completedMs = Date.parse(droplet.created_at) + random.integer(15, 60) * 1000;
    return {
      id,
      status: 'completed',
      type: 'create',
      started_at: droplet.created_at,
      completed_at: apiTime(completedMs),
      resource_id: droplet.id,
      resource_type: 'droplet',
      region_slug: droplet.region,
    };
  });
}
