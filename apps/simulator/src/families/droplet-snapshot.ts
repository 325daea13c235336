import { unprocessable } from '../http/provider-refusal';
import type { DropletRecord } from '../world/records';
import type { World } from '../world/world';

type Input = Record<string, unknown>;

/** A snapshot may be taken of a running droplet. Names need not be unique. */
export function checkSnapshot(world: World, droplet: DropletRecord, { name }: Input): Input {
  if (name !== undefined && (typeof name !== 'string' || name === '')) throw unprocessable('Snapshot name is invalid');
  return { name: name ?? `${droplet.name}-${Math.floor(world.nowMs / 1000)}` };
}

/** The snapshot exists now; the lists, and the droplet's `snapshot_ids`, show it later. The action never names it. */
export function takeSnapshot(world: World, droplet: DropletRecord, { name }: Input): void {
  const base = world.collections.images.get(droplet.image_id);
  const image = world.collections.images.put({
    id: world.nextId('image'),
    name: String(name),
    type: 'snapshot',
    distribution: base?.distribution ?? 'Unknown',
    slug: null,
    public: false,
    regions: [droplet.region],
    created_at: world.now,
    min_disk_size: droplet.disk,
    size_gigabytes: world.random.integer(120, 990) / 100,
    description: '',
    tags: [],
    status: 'available',
    resource_id: droplet.id,
    hidden: true,
  });
  world.after('snapshot_listed_ms', 'snapshot_listed', image.id);
}
