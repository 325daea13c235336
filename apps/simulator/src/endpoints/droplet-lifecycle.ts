import { privateAddress, publicAddress, publicIpv6 } from '../world/derived-fields';
import type { DropletRecord, DropletView } from '../world/records';
import type { Transition, World } from '../world/world';
import { completeAction, startAction } from './actions.endpoints';

/** Whether another action is refused: a droplet has one action at a time, and none while it is `new`. */
export function isBusy(world: World, droplet: DropletRecord): boolean {
  return droplet.status === 'new' || droplet.deleted_at !== undefined || world.indexes.actions.under(`busy:${droplet.id}`).length > 0;
}

/** Accepts a destroy. GET and the lists omit the droplet after delays of their own; snapshots, volumes and tag objects stay. */
export function destroyDroplet(world: World, droplet: DropletRecord): void {
  const action = startAction(world, droplet, 'destroy');
  world.collections.droplets.put({ ...droplet, deleted_at: world.now });
  world.after('droplet_delete_read_ms', 'droplet_hide', droplet.id, { data: { views: ['get'], action_id: action.id } });
  world.after('droplet_delete_list_ms', 'droplet_hide', droplet.id, { data: { views: ['list', 'tag'] } });
  world.after('member_drop_ms', 'member_dropped', `do:droplet:${droplet.id}`);
}

/** The transitions of droplets. */
export const dropletLifecycle: Record<string, Transition> = {
  /** Makes the droplet visible in the named views. */
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

  /** Hides the droplet in the named views. When all views hide it, its record is removed. */
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

  /** Completes the create: the droplet is `active` with a private address; the public address follows after a delay. */
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

  /** Lists the droplet under the tags in `data`. */
  tags_indexed: (world, { ref, data }) => {
    const droplet = world.collections.droplets.get(ref);
    if (droplet === undefined) return;
    const indexed = (data?.tags ?? []) as string[];
    const left = droplet.unindexed_tags?.filter((tag) => !indexed.includes(tag)) ?? [];
    world.collections.droplets.put({ ...droplet, unindexed_tags: left.length === 0 ? undefined : left });
  },
};

const viewsOf = (data: Record<string, unknown> | undefined): DropletView[] => (data?.views ?? []) as DropletView[];

function withHidden(droplet: DropletRecord, hidden: DropletView[] | undefined): DropletRecord {
  return { ...droplet, hidden: hidden === undefined || hidden.length === 0 ? undefined : hidden };
}

/** Detaches the resources of a deleted droplet: addresses, firewalls and load balancers at once, volumes after their delay. */
function releaseAttachments(world: World, dropletId: number): void {
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

const without = (ids: readonly number[], removed: number): number[] => ids.filter((id) => id !== removed);
