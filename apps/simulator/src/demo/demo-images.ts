import type { DropletRecord, ImageRecord } from '../world/records';
import type { SeededRandom } from '../world/random';
import { apiTime } from '../world/world';

const DAY_MS = 86_400_000;
const WEEKLY_BACKUPS = 2;

/** Snapshots of every third droplet and the last weekly backups of those that have backups on; the droplets get their ids. */
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
    droplet.backup_ids = Array.from({ length: WEEKLY_BACKUPS }, (_, week) => add(droplet, 'backup', 7 * (WEEKLY_BACKUPS - week)));
  }
  return images;
}
