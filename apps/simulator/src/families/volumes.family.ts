import { list, noContent, ok, sourceOf, type Answer } from '../http/answer';
import { notFound, ProviderRefusal, unprocessable } from '../http/provider-refusal';
import { objectBody } from '../http/request-body';
import type { Family, ProviderRequest } from '../http/route';
import type { VolumeRecord } from '../world/records';
import type { World } from '../world/world';
import { leaveProject, placeInProject } from './project-place';
import { actOnVolume, finishVolumeAction, getVolumeAction, listVolumeActions, putOnDroplet } from './volume-actions';
import { existingVolume, volumeSnapshotView, volumeView } from './volume-view';

/** Volumes: each on at most one droplet, each name once per region. */
export const volumesFamily: Family = {
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
    /** The droplet has gone; the volume may be on another one by now. */
    volume_released: (world, { ref, data }) => {
      const volume = world.collections.volumes.get(String(ref));
      if (volume?.droplet_ids.includes(Number(data?.droplet_id))) putOnDroplet(world, volume, null);
    },
  },
};

function listVolumes(world: World, { query }: ProviderRequest): Answer {
  const { name, region } = query;
  const fits = (volume: VolumeRecord) => (name === undefined || volume.name === name) && (region === undefined || volume.region === region);
  const shown = world.collections.volumes.all().filter(fits);
  return list(
    'volumes',
    sourceOf(shown, (volume) => volumeView(world, volume)),
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
    tags: Array.isArray(tags) ? tags.map(String) : [],
    created_at: world.now,
  });
  placeInProject(world, `do:volume:${volume.id}`, undefined);
  return ok({ volume: volumeView(world, volume) }, 201);
}

function deleteVolume(world: World, request: ProviderRequest): Answer {
  const volume = existingVolume(world, request);
  if (volume.droplet_ids.length > 0) throw new ProviderRefusal('conflict', 'attached volume cannot be deleted');
  world.collections.volumes.remove(volume.id);
  leaveProject(world, `do:volume:${volume.id}`);
  return noContent;
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
