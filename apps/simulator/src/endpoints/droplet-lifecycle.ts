import { privateAddress, publicAddress, publicIpv6 } from '../world/derived-fields';
import type { DropletRecord, DropletView } from '../world/records';
import type { Transition, World } from '../world/world';
import { completeAction, startAction } from './actions.endpoints';

/** Whether another event must wait: one at a time, and none while the droplet is `new`. */
export function isBusy(world: World, droplet: DropletRecord): boolean {
  return droplet.status === 'new' || droplet.deleted_at !== undefined || world.indexes.actions.under(`busy:${droplet.id}`).length > 0;
}

/** Accepts a destroy. GET and the lists forget the droplet after lags of their own; snapshots, volumes and tag objects stay. */
export function destroyDroplet(world: World, droplet: DropletRecord): void {
  const action = startAction(world, droplet, 'destroy');
  world.collections.droplets.put({ ...droplet, deleted_at: world.now });
  world.after('droplet_delete_read_ms', 'droplet_hide', droplet.id, { data: { views: ['get'], action_id: action.id } });
  world.after('droplet_delete_list_ms', 'droplet_hide', droplet.id, { data: { views: ['list', 'tag'] } });
  world.after('member_drop_ms', 'member_dropped', `do:droplet:${droplet.id}`);
}

/** What happens to a droplet by itself. */
export const dropletLifecycle: Record<string, Transition> = {
  /** The droplet can be seen in the views named. */
  droplet_show: (world, { ref, data }) => {
    const droplet = world.collections.droplets.get(ref);
    if (droplet === undefined || droplet.deleted_at !== undefined) return;
    const views = viewsOf(data);
    world.collections.droplets.put(
      withHidden(
        droplet,
        droplet.hidden?.filter((view) => !views.includes(view)),
      ),
    );
  },

  /** The droplet can no longer be seen in the views named; gone from all of them, its record ends. */
  droplet_hide: (world, { ref, data }) => {
    const droplet = world.collections.droplets.get(ref);
    if (typeof data?.action_id === 'number') completeAction(world, data.action_id);
    if (droplet === undefined) return;
    const hidden = [...new Set([...(droplet.hidden ?? []), ...viewsOf(data)])];
    if (hidden.length === 3) {
      world.collections.droplets.remove(droplet.id);
      releaseAttachments(world, droplet.id);
    } else world.collections.droplets.put({ ...droplet, hidden });
  },

  /** The create has come through: `active`, on the private network, the public address still on its way. */
  droplet_active: (world, { ref, data }) => {
    if (typeof data?.action_id === 'number') completeAction(world, data.action_id);
    const droplet = world.collections.droplets.get(ref);
    if (droplet === undefined || droplet.status !== 'new') return;
    world.collections.droplets.put({ ...droplet, status: 'active', private_ipv4: privateAddress(droplet.id) });
    world.after('droplet_networks_ms', 'droplet_networks', droplet.id);
  },

  droplet_networks: (world, { ref }) => {
    const droplet = world.collections.droplets.get(ref);
    if (droplet === undefined) return;
    const public_ipv6 = droplet.features.includes('ipv6') ? publicIpv6(droplet.id) : null;
    world.collections.droplets.put({ ...droplet, public_ipv4: publicAddress(droplet.id), public_ipv6 });
  },

  /** The tags named in `data` lead to the droplet from now on. */
  tags_indexed: (world, { ref, data }) => {
    const droplet = world.collections.droplets.get(ref);
    if (droplet === undefined) return;
    const indexed = (data?.tags ?? []) as string[];
    const left = droplet.unindexed_tags?.filter((tag) => !indexed.includes(tag)) ?? [];
    world.collections.droplets.put({ ...droplet, unindexed_tags: left.length === 0 ? undefined : left });
  },

  action_visible: (world, { ref }) => {
    const action = world.collections.actions.get(ref);
    if (action !== undefined) world.collections.actions.put({ ...action, hidden: undefined });
  },
};

const viewsOf = (data: Record<string, unknown> | undefined): DropletView[] => (data?.views ?? []) as DropletView[];

function withHidden(droplet: DropletRecord, hidden: DropletView[] | undefined): DropletRecord {
  return { ...droplet, hidden: hidden === undefined || hidden.length === 0 ? undefined : hidden };
}

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
