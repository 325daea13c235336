import type { ActionRecord, DropletRecord } from '../world/records';
import type { SeededRandom } from '../world/random';
import { apiTime } from '../world/world';

/** The create of every second droplet, in the order in which they happened: some history for the action feed. */
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
