import {
  accepted,
  type Answer,
  badRequest,
  type EndpointGroup,
  list,
  notFound,
  ok,
  ProviderRefusal,
  type ProviderRequest,
  sourceOf,
} from '../http/route';
import type { ActionRecord, DropletRecord, OpaqueRecord } from '../world/records';
import type { World } from '../world/world';
import { anObject, dropletSize, like, readBody, region, text, texts, whole } from './body-fields';
import { destroyDroplet, isBusy } from './droplet-lifecycle';
import { dropletView } from './droplet-view';
import { existingDroplet } from './droplets.endpoints';
import { removeImage } from './images.endpoints';
import { firewallView } from './network.endpoints';
import { leaveProject } from './projects.endpoints';
import { type Resource, routesOf } from './resource-routes';

const template: (value: unknown, world: World) => boolean = (value, world) => {
  if (!anObject(value, world)) return false;
  const { region: slug, size, image, ssh_keys: keys } = value as OpaqueRecord;
  return region(slug, world) && dropletSize(size, world) && text(image, world) && texts(keys, world);
};
const config: typeof template = (value, world) => {
  if (!anObject(value, world)) return false;
  const { target_number_instances: target, min_instances: least, max_instances: most } = value as OpaqueRecord;
  return whole(1, 1_000)(target, world) || (whole(1, 500)(least, world) && whole(Number(least), 1_000)(most, world));
};
const pool = { name: like(/^[a-zA-Z0-9.-]+$/), config, droplet_template: template };
/** The instances that a pool has at its start. */
const instancesOf = ({ target_number_instances: target, min_instances: least }: OpaqueRecord) => Number(target ?? least);

const AUTOSCALE_POOLS: Resource = {
  path: '/v2/droplets/autoscale',
  stored: 'autoscale_pools',
  keys: ['autoscale_pools', 'autoscale_pool'],
  id: 'id',
  matches: (known, { name: wanted }) => wanted === undefined || known.name === wanted,
  create: {
    fields: pool,
    status: 202,
    unique: { field: 'name', refusal: 'unprocessable_entity' },
    make: ({ world, body }) => {
      const counted = { status: 'active', active_resources_count: instancesOf(body.config as OpaqueRecord) };
      return withEvent(world, { ...body, id: world.random.uuid(), ...counted, created_at: world.now, updated_at: world.now });
    },
  },
  remove: { answer: () => accepted },
  operations: [
    {
      method: 'PUT',
      path: '',
      fields: pool,
      change: (known, { world, body }) => {
        const counted = { active_resources_count: instancesOf(body.config as OpaqueRecord) };
        return withEvent(world, { ...known, ...body, ...counted, updated_at: world.now });
      },
    },
    {
      method: 'GET',
      path: 'members',
      answer: () =>
        list(
          'droplets',
          sourceOf([], (member) => member),
        ),
    },
    {
      method: 'GET',
      path: 'history',
      answer: ({ $history: known = [] }) =>
        list(
          'history',
          sourceOf(known as OpaqueRecord[], (event) => event),
        ),
    },
  ],
};

function withEvent(world: World, known: OpaqueRecord): OpaqueRecord {
  const count = known.active_resources_count;
  const counts = { current_instance_count: count, desired_instance_count: count };
  const times = { created_at: world.now, updated_at: world.now };
  const event = { history_event_id: world.random.uuid(), ...counts, reason: 'CONFIGURATION_CHANGE', status: 'success', ...times };
  return { ...known, $history: [event, ...((known.$history ?? []) as OpaqueRecord[])] };
}

/** Deletes the pool with its droplets; the provider wants a header that confirms it. */
function deletePoolWithDroplets(world: World, { params, isConfirmed }: ProviderRequest): Answer {
  if (world.collections.autoscale_pools.get(params.id ?? '') === undefined) throw notFound();
  if (!isConfirmed) throw badRequest('the header X-Dangerous must be true');
  world.collections.autoscale_pools.remove(params.id ?? '');
  return accepted;
}

/** The resources that may be destroyed together with a droplet, by the names of the provider. A volume's snapshots are listed by themselves. */
function associatedWith(world: World, { id }: DropletRecord): Record<AssociatedList, OpaqueRecord[]> {
  const { floating_ips: addresses, images, volumes, volume_snapshots: snapshots } = world.collections;
  const attached = volumes.all().filter(({ droplet_ids: ids }) => ids.includes(id));
  const cost = (gigabytes: number, rate: number) => (gigabytes * rate).toFixed(2);
  return {
    reserved_ips: addresses
      .all()
      .filter(({ droplet_id: holder }) => holder === id)
      .map(({ ip }) => ({ id: ip, name: ip, cost: '0.00' })),
    floating_ips: addresses
      .all()
      .filter(({ droplet_id: holder }) => holder === id)
      .map(({ ip }) => ({ id: ip, name: ip, cost: '0.00' })),
    snapshots: images
      .all()
      .filter(({ type, resource_id: of, status }) => type === 'snapshot' && of === id && status !== 'deleted')
      .map((image) => ({ id: String(image.id), name: image.name, cost: cost(image.size_gigabytes, 0.06) })),
    volumes: attached.map((volume) => ({ id: volume.id, name: volume.name, cost: cost(volume.size_gigabytes, 0.1) })),
    volume_snapshots: snapshots
      .all()
      .filter((snapshot) => attached.some((volume) => volume.id === snapshot.resource_id))
      .map((snapshot) => ({ id: snapshot.id, name: snapshot.name, cost: cost(snapshot.size_gigabytes, 0.06) })),
  };
}

const LISTS = ['reserved_ips', 'floating_ips', 'snapshots', 'volumes', 'volume_snapshots'] as const;
type AssociatedList = (typeof LISTS)[number];

/** How each kind of resource is destroyed beside its droplet. */
const DESTROY: Record<AssociatedList, (world: World, id: string) => void> = {
  reserved_ips: releaseAddress,
  floating_ips: releaseAddress,
  snapshots: (world, id) => {
    const image = world.collections.images.get(Number(id));
    if (image !== undefined) removeImage(world, image);
  },
  volumes: (world, id) => {
    world.collections.volumes.remove(id);
    leaveProject(world, `do:volume:${id}`);
  },
  volume_snapshots: (world, id) => {
    world.collections.volume_snapshots.remove(id);
    leaveProject(world, `do:volumesnapshot:${id}`);
  },
};

function releaseAddress(world: World, ip: string): void {
  world.collections.floating_ips.remove(ip);
  leaveProject(world, `do:floatingip:${ip}`);
}

/** Destroys the droplet with these of its resources, and stores what was destroyed for the status. Throws 409 while an earlier one runs. */
function destroyWith(world: World, droplet: DropletRecord, wanted: (list: AssociatedList, id: string) => boolean): Answer {
  if (droplet.deleted_at !== undefined || isBusy(world, droplet))
    throw new ProviderRefusal('conflict', 'The droplet is destroyed, or has a pending event.');
  const found = associatedWith(world, droplet);
  const chosen = LISTS.map((list) => [list, found[list].filter(({ id }) => wanted(list, String(id)))] as const);
  const destroyed_at = world.now;
  const resources = Object.fromEntries(
    chosen.map(([list, items]) => [list, items.map(({ id, name }) => ({ id, name, destroyed_at, error_message: '' }))]),
  );
  for (const [list, items] of chosen) for (const { id } of items) DESTROY[list](world, String(id));
  destroyDroplet(world, droplet);
  const named = { id: String(droplet.id), name: droplet.name, destroyed_at, error_message: '' };
  const status = { droplet: named, resources, completed_at: destroyed_at, failures: 0 };
  const [action = 0] = world.indexes.actions.under(`busy:${droplet.id}`).slice(0, 1);
  const destroy = world.collections.actions.get(action);
  if (destroy !== undefined) world.collections.actions.put({ ...destroy, input: { destroyed_with: status } });
  return accepted;
}

function destroySelected(world: World, request: ProviderRequest): Answer {
  const droplet = existingDroplet(world, request);
  const named = readBody(world, request, Object.fromEntries(LISTS.map((list) => [`${list}?`, texts]))) as Partial<
    Record<AssociatedList, string[]>
  >;
  return destroyWith(world, droplet, (list, id) => named[list]?.includes(id) === true);
}

function destroyAll(world: World, request: ProviderRequest): Answer {
  const droplet = existingDroplet(world, request);
  if (!request.isConfirmed) throw badRequest('the header X-Dangerous must be true');
  return destroyWith(world, droplet, () => true);
}

/** The destroy with resources. Its action keeps the status. Throws 404 for a droplet that was never destroyed so. */
function destroyOf(world: World, { params }: ProviderRequest): ActionRecord {
  const actions = world.collections.actions.all();
  const destroy = actions.find(({ resource_id: id, input }) => String(id) === params.id && input?.destroyed_with !== undefined);
  if (destroy === undefined) throw notFound();
  return destroy;
}

/** Accepted without effect, because nothing has failed. Throws 409 while the destroy still runs. */
function retryDestroy(world: World, request: ProviderRequest): Answer {
  if (destroyOf(world, request).status === 'in-progress') throw new ProviderRefusal('conflict', 'The destroy is still running.');
  return accepted;
}

/** Pools of droplets, the destroy of a droplet with its resources, and what else the provider lists for a droplet. */
export const dropletGroupsEndpoints: EndpointGroup = {
  routes: [
    ...routesOf([AUTOSCALE_POOLS]),
    { method: 'DELETE', path: '/v2/droplets/autoscale/:id/dangerous', handle: deletePoolWithDroplets },
    {
      method: 'GET',
      path: '/v2/droplets/:id/destroy_with_associated_resources',
      handle: (world, request) => ok(associatedWith(world, existingDroplet(world, request))),
    },
    { method: 'DELETE', path: '/v2/droplets/:id/destroy_with_associated_resources/selective', handle: destroySelected },
    { method: 'DELETE', path: '/v2/droplets/:id/destroy_with_associated_resources/dangerous', handle: destroyAll },
    {
      method: 'GET',
      path: '/v2/droplets/:id/destroy_with_associated_resources/status',
      handle: (world, request) => ok(destroyOf(world, request).input?.destroyed_with),
    },
    { method: 'POST', path: '/v2/droplets/:id/destroy_with_associated_resources/retry', handle: retryDestroy },
    {
      method: 'GET',
      path: '/v2/droplets/:id/firewalls',
      handle: (world, request) => {
        const { id, tags } = existingDroplet(world, request);
        const applied = world.collections.firewalls
          .all()
          .filter((firewall) => firewall.droplet_ids.includes(id) || firewall.tags.some((tag) => tags.includes(tag)));
        return list('firewalls', sourceOf(applied, firewallView));
      },
    },
    {
      method: 'GET',
      path: '/v2/droplets/:id/kernels',
      handle: (world, request) => {
        existingDroplet(world, request);
        return list(
          'kernels',
          sourceOf([], (kernel) => kernel),
        );
      },
    },
    {
      method: 'GET',
      path: '/v2/droplets/:id/neighbors',
      handle: (world, request) => {
        const { id, region: slug } = existingDroplet(world, request);
        const beside = world.collections.droplets
          .all()
          .filter((other) => other.region === slug && Math.floor(other.id / 64) === Math.floor(id / 64));
        return ok({ droplets: beside.filter((other) => other.id !== id).map((other) => dropletView(world, other)) });
      },
    },
    {
      method: 'GET',
      path: '/v2/droplets/backups/supported_policies',
      handle: () => {
        const window = { possible_window_starts: [0, 4, 8, 12, 16, 20], window_length_hours: 4 };
        const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
        const weekly = { name: 'weekly', ...window, retention_period_days: 28, possible_days: days };
        return ok({ supported_policies: [weekly, { name: 'daily', ...window, retention_period_days: 7, possible_days: [] }] });
      },
    },
  ],
};
