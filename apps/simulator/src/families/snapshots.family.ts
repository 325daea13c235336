import { list, noContent, ok, sourceOf, type Answer } from '../http/answer';
import { badRequest, notFound } from '../http/provider-refusal';
import type { Family, ProviderRequest } from '../http/route';
import type { ImageRecord } from '../world/records';
import type { World } from '../world/world';
import { leaveProject } from './project-place';
import { volumeSnapshotView } from './volume-view';

/** Snapshots of droplets (images elsewhere, with a number for an id) and of volumes, in one list. Deleted ones linger in it. */
export const snapshotsFamily: Family = {
  routes: [
    { method: 'GET', path: '/v2/snapshots', handle: listSnapshots },
    { method: 'GET', path: '/v2/snapshots/:id', handle: (world, request) => ok({ snapshot: findSnapshot(world, request).view }) },
    {
      method: 'DELETE',
      path: '/v2/snapshots/:id',
      handle: (world, request) => {
        findSnapshot(world, request).remove();
        return noContent;
      },
    },
  ],
  transitions: {
    image_forgotten: (world, { ref }) => world.collections.images.remove(Number(ref)),
    volume_snapshot_forgotten: (world, { ref }) => world.collections.volume_snapshots.remove(String(ref)),
  },
};

function listSnapshots(world: World, { query }: ProviderRequest): Answer {
  const { resource_type: type } = query;
  if (type !== undefined && type !== 'droplet' && type !== 'volume') throw badRequest('resource_type is invalid');
  const images =
    type === 'volume' ? [] : world.collections.images.all().filter((image) => image.type === 'snapshot' && image.hidden !== true);
  const volumes = type === 'droplet' ? [] : world.collections.volume_snapshots.all();
  return list(
    'snapshots',
    sourceOf([...images.map(dropletSnapshot), ...volumes.map(volumeSnapshotView)], (view) => view),
  );
}

/** In this list the id is text, elsewhere it is a number. */
function dropletSnapshot({ id, name, created_at, regions, resource_id, min_disk_size, size_gigabytes, tags }: ImageRecord) {
  const resource = { resource_id: String(resource_id ?? ''), resource_type: 'droplet' };
  return { id: String(id), name, created_at, regions, ...resource, min_disk_size, size_gigabytes, tags };
}

interface Found {
  readonly view: Record<string, unknown>;
  readonly remove: () => void;
}

function findSnapshot(world: World, { params }: ProviderRequest): Found {
  const { images, volume_snapshots: ofVolumes } = world.collections;
  const id = params.id ?? '';
  const image = images.get(Number(id));
  if (image !== undefined && image.status !== 'deleted') {
    if (image.type !== 'snapshot') throw badRequest('the resource is not a snapshot');
    return { view: dropletSnapshot(image), remove: () => removeImage(world, image) };
  }
  const snapshot = ofVolumes.get(id);
  if (snapshot === undefined || snapshot.deleted === true) throw notFound();
  const remove = () => {
    ofVolumes.put({ ...snapshot, deleted: true });
    world.after('snapshot_deleted_listed_ms', 'volume_snapshot_forgotten', id);
    leaveProject(world, `do:volumesnapshot:${id}`);
  };
  return { view: volumeSnapshotView(snapshot), remove };
}

function removeImage(world: World, image: ImageRecord): void {
  world.collections.images.put({ ...image, status: 'deleted' });
  const droplet = world.collections.droplets.get(image.resource_id ?? 0);
  if (droplet !== undefined) {
    const snapshot_ids = droplet.snapshot_ids.filter((id) => id !== image.id);
    world.collections.droplets.put({ ...droplet, snapshot_ids });
  }
  world.after('snapshot_deleted_listed_ms', 'image_forgotten', image.id);
  leaveProject(world, `do:image:${image.id}`);
}
