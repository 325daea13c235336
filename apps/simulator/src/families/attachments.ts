import type { World } from '../world/world';

/** What hung on a droplet that has gone: addresses are free at once, firewalls and load balancers forget it, volumes hang on for a while. */
export function releaseAttachments(world: World, dropletId: number): void {
  const { floating_ips: addresses, firewalls, load_balancers: balancers, volumes } = world.collections;
  for (const address of addresses.all()) if (address.droplet_id === dropletId) addresses.put({ ...address, droplet_id: null });
  for (const firewall of firewalls.all()) {
    if (firewall.droplet_ids.includes(dropletId)) firewalls.put({ ...firewall, droplet_ids: without(firewall.droplet_ids, dropletId) });
  }
  for (const balancer of balancers.all()) {
    if (balancer.droplet_ids.includes(dropletId)) balancers.put({ ...balancer, droplet_ids: without(balancer.droplet_ids, dropletId) });
  }
  for (const volume of volumes.all())
    if (volume.droplet_ids.includes(dropletId))
      world.after('volume_detach_ms', 'volume_released', volume.id, { data: { droplet_id: dropletId } });
}

const without = (ids: readonly number[], gone: number): number[] => ids.filter((id) => id !== gone);
