import {
  type Answer,
  type EndpointGroup,
  integerParam,
  list,
  notFound,
  objectBody,
  ok,
  pendingEvent,
  type ProviderRequest,
  unprocessable,
} from '../http/route';
import { publicIpv6 } from '../world/derived-fields';
import type { ActionRecord, DropletRecord } from '../world/records';
import type { VisibilityDelayName } from '../world/visibility-delay';
import type { World } from '../world/world';
import { actionSource, actionView, completeAction, startAction } from './actions.endpoints';
import { checkDropletName, findImage, isOffered, parseBackupPolicy } from './droplet-create';
import { isBusy } from './droplet-lifecycle';
import { existingDroplet, readableDroplet } from './droplets.endpoints';

/** Actions on droplets, one at a time per droplet. An accepted action takes effect after its duration. */
export const dropletActionsEndpoints: EndpointGroup = {
  routes: [
    {
      method: 'POST',
      path: '/v2/droplets/:id/actions',
      handle: (world, request) => {
        const action = requestAction(world, existingDroplet(world, request), objectBody(request));
        return ok({ action: actionView(world, action) }, 201);
      },
    },
    { method: 'POST', path: '/v2/droplets/actions', handle: actOnTag },
    {
      method: 'GET',
      path: '/v2/droplets/:id/actions',
      handle: (world, request) =>
        list('actions', actionSource(world, world.indexes.actions.under(`droplet:${readableDroplet(world, request).id}`))),
    },
    { method: 'GET', path: '/v2/droplets/:id/actions/:action_id', handle: getDropletAction },
  ],
  transitions: {
    droplet_action_done: (world, { ref }) => {
      const action = completeAction(world, ref);
      const droplet = world.collections.droplets.get(action?.resource_id ?? 0);
      if (action === undefined || droplet === undefined) return;
      DROPLET_ACTIONS[action.type]?.complete(world, droplet, action.input ?? {});
    },
    droplet_status_shown: (world, { ref }) => {
      const droplet = world.collections.droplets.get(ref);
      if (droplet?.unshown_status === undefined) return;
      world.collections.droplets.put({ ...droplet, status: droplet.unshown_status, unshown_status: undefined });
    },
    droplet_renamed: (world, { ref, data }) => {
      const droplet = world.collections.droplets.get(ref);
      if (droplet !== undefined) world.collections.droplets.put({ ...droplet, name: String(data?.name) });
    },
  },
};

function requestAction(world: World, droplet: DropletRecord, body: Record<string, unknown>): ActionRecord {
  const { type, ...input } = body;
  const kind = DROPLET_ACTIONS[String(type)];
  if (kind === undefined) throw unprocessable(`Action type "${String(type)}" is invalid`);
  if (isBusy(world, droplet)) throw pendingEvent();
  const accepted = kind.check(world, droplet, input);
  const action = startAction(world, droplet, String(type), accepted);
  world.after(kind.duration, 'droplet_action_done', action.id);
  return action;
}

function actOnTag(world: World, request: ProviderRequest): Answer {
  const ids = world.indexes.droplets.under(`tag:${request.query.tag_name ?? ''}`);
  const body = objectBody(request);
  const actions = ids.slice(0, ids.length).flatMap((id) => {
    const droplet = world.collections.droplets.get(id);
    return droplet === undefined ? [] : [actionView(world, requestAction(world, droplet, body))];
  });
  return ok({ actions }, 201);
}

/** Returns an action of a droplet. On this URL `completed_at` stays null for a delay after `status` is `completed`. */
function getDropletAction(world: World, request: ProviderRequest): Answer {
  const droplet = readableDroplet(world, request);
  const action = world.collections.actions.get(integerParam(request, 'action_id') ?? 0);
  if (action === undefined || action.hidden === true || action.resource_id !== droplet.id) throw notFound();
  const isFresh =
    action.completed_at !== null && world.nowMs < Date.parse(action.completed_at) + world.value('lags').action_completed_at_ms;
  return ok({ action: { ...actionView(world, action), ...(isFresh && { completed_at: null }) } });
}

type Input = Record<string, unknown>;

/** Checks a snapshot. The droplet may be running; names need not be unique. */
function checkSnapshot(world: World, droplet: DropletRecord, { name }: Input): Input {
  if (name !== undefined && (typeof name !== 'string' || name === '')) throw unprocessable('Snapshot name is invalid');
  return { name: name ?? `${droplet.name}-${Math.floor(world.nowMs / 1000)}` };
}

/** Creates the snapshot; the lists and the droplet's `snapshot_ids` contain it after a delay. The action never names the snapshot. */
function completeSnapshot(world: World, droplet: DropletRecord, { name }: Input): void {
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

/** Checks a resize: the droplet is off, its region offers the size, and the disk does not shrink. */
function checkResize(isOff: (droplet: DropletRecord) => boolean): (world: World, droplet: DropletRecord, input: Input) => Input {
  return (world, droplet, { size: wanted, disk }) => {
    const size = world.collections.sizes.get(String(wanted));
    const region = world.collections.regions.get(droplet.region);
    if (size === undefined || region === undefined) throw unprocessable('You specified an invalid size for Droplet resize.');
    if (!isOff(droplet)) throw unprocessable('Droplet is currently on. Please power it off to run this event.');
    if (size.slug === droplet.size_slug && (disk !== true || size.disk === droplet.disk))
      throw unprocessable('Droplet is already this size.');
    if (!isOffered(size, region)) throw unprocessable('Size is not available in this region.');
    if (size.disk < droplet.disk) throw unprocessable("Size can not decrease size of Droplet's disk image");
    return { size_slug: size.slug, disk: disk === true };
  };
}

/** Completes a resize. With `disk` the disk grows permanently; without it the droplet can return to its old size. */
function completeResize(world: World, droplet: DropletRecord, { size_slug, disk }: Input): void {
  const size = world.collections.sizes.get(String(size_slug));
  if (size === undefined) return;
  world.collections.droplets.put({ ...droplet, size_slug: size.slug, disk: disk === true ? size.disk : droplet.disk });
}

/** One type of droplet action: its acceptance rule, its duration and its effect. */
interface DropletActionType {
  duration: VisibilityDelayName;
  /** Refuses with 422, or returns the input that `complete` needs. */
  check: (world: World, droplet: DropletRecord, input: Input) => Input;
  complete: (world: World, droplet: DropletRecord, input: Input) => void;
}

const isOff = (droplet: DropletRecord): boolean => (droplet.unshown_status ?? droplet.status) === 'off';
const nothing = (): void => undefined;

function mustBeOn(world: World, droplet: DropletRecord): Input {
  if (isOff(droplet)) throw unprocessable('Droplet is currently off. Please power it on to run this event.');
  return {};
}

function checkOff(world: World, droplet: DropletRecord): Input {
  if (isOff(droplet)) throw unprocessable('Droplet is already powered off');
  return {};
}

/** Changes the power state at once; `status` follows after a delay. */
function power(status: 'active' | 'off'): DropletActionType['complete'] {
  return (world, droplet) => {
    world.collections.droplets.put({ ...droplet, unshown_status: status });
    world.after('droplet_status_ms', 'droplet_status_shown', droplet.id);
  };
}

function checkImage(world: World, droplet: DropletRecord, input: Input): Input {
  const image = findImage(world, input.image);
  if (image === undefined || !image.regions.includes(droplet.region)) throw unprocessable('You specified an invalid image.');
  return { image_id: image.id };
}

function completeImageChange(world: World, droplet: DropletRecord, { image_id }: Input): void {
  world.collections.droplets.put({ ...droplet, image_id: Number(image_id) });
}

function withBackups(world: World, droplet: DropletRecord, { policy }: Input): void {
  const features = [...new Set(['backups', ...droplet.features])];
  world.collections.droplets.put({ ...droplet, features, backup_policy: policy as DropletRecord['backup_policy'] });
}

const hasBackups = (droplet: DropletRecord): boolean => droplet.features.includes('backups');

const DROPLET_ACTIONS: Record<string, DropletActionType> = {
  power_on: {
    duration: 'power_action_ms',
    check: (_, droplet) => {
      if (!isOff(droplet)) throw unprocessable('Droplet is already powered on');
      return {};
    },
    complete: power('active'),
  },
  power_off: { duration: 'power_action_ms', check: checkOff, complete: power('off') },
  /** A request to the guest: the action completes even when the guest ignores it. */
  shutdown: {
    duration: 'power_action_ms',
    check: checkOff,
    complete: (world, droplet) => (droplet.ignores_shutdown === true ? undefined : power('off')(world, droplet, {})),
  },
  power_cycle: { duration: 'power_action_ms', check: mustBeOn, complete: nothing },
  reboot: { duration: 'power_action_ms', check: mustBeOn, complete: nothing },
  resize: { duration: 'resize_action_ms', check: checkResize(isOff), complete: completeResize },
  snapshot: { duration: 'snapshot_action_ms', check: checkSnapshot, complete: completeSnapshot },
  rename: {
    duration: 'other_action_ms',
    check: (_world, _droplet, { name }) => ({ name: checkDropletName(name) }),
    complete: (world, droplet, { name }) => world.after('droplet_rename_ms', 'droplet_renamed', droplet.id, { data: { name } }),
  },
  rebuild: { duration: 'snapshot_action_ms', check: checkImage, complete: completeImageChange },
  restore: { duration: 'snapshot_action_ms', check: checkImage, complete: completeImageChange },
  enable_backups: {
    duration: 'other_action_ms',
    check: (_, droplet, { backup_policy }) => {
      if (hasBackups(droplet)) throw unprocessable('Backups are already enabled for this Droplet.');
      return { policy: parseBackupPolicy(backup_policy) };
    },
    complete: withBackups,
  },
  change_backup_policy: {
    duration: 'other_action_ms',
    check: (_, droplet, { backup_policy }) => {
      if (!hasBackups(droplet)) throw unprocessable('Backups are not enabled for this Droplet.');
      return { policy: parseBackupPolicy(backup_policy) };
    },
    complete: withBackups,
  },
  disable_backups: {
    duration: 'other_action_ms',
    check: (_, droplet) => {
      if (!hasBackups(droplet)) throw unprocessable('Backups are already disabled for this Droplet.');
      return {};
    },
    complete: (world, droplet) => {
      const features = droplet.features.filter((feature) => feature !== 'backups');
      world.collections.droplets.put({ ...droplet, features, backup_policy: undefined });
    },
  },
  enable_ipv6: {
    duration: 'other_action_ms',
    check: (_, droplet) => {
      if (droplet.features.includes('ipv6')) throw unprocessable('This Droplet already has IPv6 enabled.');
      return {};
    },
    complete: (world, droplet) => {
      world.collections.droplets.put({ ...droplet, features: [...droplet.features, 'ipv6'], public_ipv6: publicIpv6(droplet.id) });
    },
  },
  password_reset: { duration: 'other_action_ms', check: () => ({}), complete: nothing },
  change_kernel: {
    duration: 'other_action_ms',
    check: (_world, _droplet, { kernel }) => {
      if (!Number.isInteger(kernel)) throw unprocessable('You specified an invalid kernel.');
      return { kernel };
    },
    complete: nothing,
  },
};
