import {
  type Answer,
  type EndpointGroup,
  integerParam,
  list,
  noContent,
  notFound,
  objectBody,
  ok,
  pendingEvent,
  ProviderRefusal,
  type ProviderRequest,
  sourceOf,
  unprocessable,
} from '../http/route';
import type { ActionRecord, TagRecord, VolumeRecord, VolumeSnapshotRecord } from '../world/records';
import type { World } from '../world/world';
import { actionView, completeAction, startResourceAction } from './actions.endpoints';
import { isBusy } from './droplet-lifecycle';
import { leaveProject, placeInProject } from './projects.endpoints';
import { addTag, registerTags, removeTag } from './tags.endpoints';

/** Volumes. A volume is attached to at most one droplet; its name is unique in its region. */
export const volumesEndpoints: EndpointGroup = {
  routes: [
    { method: 'GET', path: '/v2/volumes', handle: listVolumes },
    { method: 'POST', path: '/v2/volumes', handle: createVolume },
    {
      method: 'GET',
      path: '/v2/volumes/:id',
      handle: (world, request) => ok({ volume: volumeView(world, existingVolume(world, request)) }),
    },
    { method: 'DELETE', path: '/v2/volumes/:id', handle: deleteVolume },
    { method: 'GET', path: '/v2/volumes/:id/actions', handle: listVolumeActions },
    { method: 'POST', path: '/v2/volumes/:id/actions', handle: actOnVolume },
    { method: 'GET', path: '/v2/volumes/:id/actions/:action_id', handle: getVolumeAction },
    { method: 'GET', path: '/v2/volumes/:id/snapshots', handle: listSnapshotsOf },
    { method: 'POST', path: '/v2/volumes/:id/snapshots', handle: snapshotVolume },
  ],
  transitions: {
    volume_action_done: (world, { ref, data }) => finishVolumeAction(world, ref, data ?? {}),
    /** Detaches a volume from a deleted droplet, unless it has been attached to another one. */
    volume_released: (world, { ref, data }) => {
      const volume = world.collections.volumes.get(String(ref));
      if (volume?.droplet_ids.includes(Number(data?.droplet_id))) putOnDroplet(world, volume, null);
    },
  },
};

function listVolumes(world: World, { query }: ProviderRequest): Answer {
  const { name, region } = query;
  const fits = (volume: VolumeRecord) => (name === undefined || volume.name === name) && (region === undefined || volume.region === region);
  const listed = world.collections.volumes.all().filter(fits);
  return list(
    'volumes',
    sourceOf(listed, (volume) => volumeView(world, volume)),
  );
}

function createVolume(world: World, request: ProviderRequest): Answer {
  const { name, region, size_gigabytes: size, description, filesystem_type: type, filesystem_label: label, tags } = objectBody(request);
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,62}[a-z0-9]?$/.test(name)) throw unprocessable('invalid volume name');
  if (world.collections.regions.get(String(region)) === undefined) throw unprocessable('region is invalid');
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1) throw unprocessable('invalid size for volume');
  if (world.collections.volumes.all().some((volume) => volume.name === name && volume.region === region))
    throw new ProviderRefusal('conflict', `volume with name "${name}" already exists`);
  const volume = world.collections.volumes.put({
    id: world.random.uuid(),
    name,
    region: String(region),
    size_gigabytes: size,
    description: typeof description === 'string' ? description : '',
    filesystem_type: typeof type === 'string' ? type : '',
    filesystem_label: typeof label === 'string' ? label : '',
    droplet_ids: [],
    tags: [],
    created_at: world.now,
  });
  for (const tag of tagged(world, registerTags(world, tags ?? []))) addTag(world, tag, { resource_id: volume.id, resource_type: 'volume' });
  placeInProject(world, `do:volume:${volume.id}`, undefined);
  return ok({ volume: volumeView(world, world.collections.volumes.get(volume.id) ?? volume) }, 201);
}

function deleteVolume(world: World, request: ProviderRequest): Answer {
  const volume = existingVolume(world, request);
  if (volume.droplet_ids.length > 0) throw new ProviderRefusal('conflict', 'attached volume cannot be deleted');
  for (const tag of tagged(world, volume.tags)) removeTag(world, tag, { resource_id: volume.id, resource_type: 'volume' });
  world.collections.volumes.remove(volume.id);
  leaveProject(world, `do:volume:${volume.id}`);
  return noContent;
}

/** The tag objects of these names. */
function tagged(world: World, names: readonly string[]): TagRecord[] {
  return names.flatMap((name) => world.collections.tags.get(name.toLowerCase()) ?? []);
}

function listSnapshotsOf(world: World, request: ProviderRequest): Answer {
  const { id } = existingVolume(world, request);
  return list(
    'snapshots',
    sourceOf(
      world.collections.volume_snapshots.all().filter((one) => one.resource_id === id),
      volumeSnapshotView,
    ),
  );
}

function snapshotVolume(world: World, request: ProviderRequest): Answer {
  const volume = existingVolume(world, request);
  const { name, tags } = objectBody(request);
  if (typeof name !== 'string' || name === '') throw unprocessable('name is required');
  if (world.collections.volume_snapshots.all().some((snapshot) => snapshot.name === name))
    throw new ProviderRefusal('conflict', `snapshot with name "${name}" already exists`);
  if (world.collections.volumes.get(volume.id) === undefined) throw notFound();
  const snapshot = world.collections.volume_snapshots.put({
    id: world.random.uuid(),
    name,
    resource_id: volume.id,
    region: volume.region,
    min_disk_size: volume.size_gigabytes,
    size_gigabytes: volume.size_gigabytes / 4,
    tags: Array.isArray(tags) ? tags.map(String) : [],
    created_at: world.now,
  });
  return ok({ snapshot: volumeSnapshotView(snapshot) }, 201);
}

/** A volume in the API's format. */
function volumeView(world: World, { region, ...volume }: VolumeRecord): Record<string, unknown> {
  return { ...volume, region: world.collections.regions.get(region) };
}

/** A volume snapshot in the format of `/v2/snapshots`. */
export function volumeSnapshotView({ region, deleted: _deleted, ...snapshot }: VolumeSnapshotRecord): Record<string, unknown> {
  return { ...snapshot, regions: [region], resource_type: 'volume' };
}

function existingVolume(world: World, { params }: ProviderRequest): VolumeRecord {
  const volume = world.collections.volumes.get(params.id ?? '');
  if (volume === undefined) throw notFound();
  return volume;
}

const TYPES: Readonly<Record<string, string>> = { attach: 'attach_volume', detach: 'detach_volume', resize: 'resize_volume' };

/** Accepts an action that takes effect after its delay. The action's resource id is null, as in the real API. */
function actOnVolume(world: World, request: ProviderRequest): Answer {
  const volume = existingVolume(world, request);
  const { type, droplet_id: dropletId, size_gigabytes: size } = objectBody(request);
  const action = TYPES[String(type)];
  if (action === undefined) throw unprocessable('type is invalid');
  if (actionsOf(world, volume.id).some(({ status }) => status === 'in-progress'))
    throw unprocessable('Volume already has a pending event.');
  if (type === 'attach') checkAttach(world, volume, dropletId);
  if (type === 'detach' && (dropletId === undefined || volume.droplet_ids[0] !== dropletId)) throw unprocessable('Attachment not found');
  if (type === 'resize' && (typeof size !== 'number' || size <= volume.size_gigabytes))
    throw unprocessable('size must be larger than before');
  const started = startResourceAction(world, action, 'volume', null, volume.region, { volume_id: volume.id });
  world.after('volume_action_ms', 'volume_action_done', started.id, { data: { volume_id: volume.id, type, droplet_id: dropletId, size } });
  return ok({ action: actionView(world, started) }, 202);
}

function checkAttach(world: World, volume: VolumeRecord, dropletId: unknown): void {
  const droplet = world.collections.droplets.get(Number(dropletId));
  if (droplet === undefined) throw notFound();
  if (droplet.region !== volume.region) throw unprocessable('Droplet and volume must be in the same region');
  if (volume.droplet_ids.length > 0) throw unprocessable('Volume is already attached to a droplet');
  if (isBusy(world, droplet)) throw pendingEvent();
}

function finishVolumeAction(world: World, actionId: string | number, data: Record<string, unknown>): void {
  completeAction(world, actionId);
  const volume = world.collections.volumes.get(String(data.volume_id));
  if (volume === undefined) return;
  if (data.type === 'resize') world.collections.volumes.put({ ...volume, size_gigabytes: Number(data.size) });
  else putOnDroplet(world, volume, data.type === 'attach' ? Number(data.droplet_id) : null);
}

/** Sets the droplet of a volume; the volume and its droplets record it. */
function putOnDroplet(world: World, volume: VolumeRecord, dropletId: number | null): void {
  const droplets = world.collections.droplets;
  for (const id of volume.droplet_ids) {
    const droplet = droplets.get(id);
    if (droplet !== undefined) droplets.put({ ...droplet, volume_ids: droplet.volume_ids.filter((one) => one !== volume.id) });
  }
  const droplet = dropletId === null ? undefined : droplets.get(dropletId);
  if (droplet !== undefined) droplets.put({ ...droplet, volume_ids: [...droplet.volume_ids, volume.id] });
  world.collections.volumes.put({ ...volume, droplet_ids: droplet === undefined ? [] : [droplet.id] });
}

function listVolumeActions(world: World, request: ProviderRequest): Answer {
  const { id } = existingVolume(world, request);
  const own = actionsOf(world, id).filter((action) => action.hidden !== true);
  return list(
    'actions',
    sourceOf(own.toReversed(), (action) => actionView(world, action)),
  );
}

function actionsOf(world: World, volumeId: string): ActionRecord[] {
  return world.collections.actions.all().filter((action) => action.input?.volume_id === volumeId);
}

function getVolumeAction(world: World, request: ProviderRequest): Answer {
  const { id } = existingVolume(world, request);
  const action = world.collections.actions.get(integerParam(request, 'action_id') ?? 0);
  if (action === undefined || action.hidden === true || action.input?.volume_id !== id) throw notFound();
  return ok({ action: actionView(world, action) });
}
