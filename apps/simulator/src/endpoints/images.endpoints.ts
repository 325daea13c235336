import { type Answer, badRequest, type EndpointGroup, list, noContent, notFound, ok, type ProviderRequest, sourceOf } from '../http/route';
import type { SortedIds } from '../world/collections';
import type { ImageRecord } from '../world/records';
import type { World } from '../world/world';
import { leaveProject } from './projects.endpoints';
import { volumeSnapshotView } from './volumes.endpoints';

/** The offers for droplets: sizes, regions and images. */
export const offerEndpoints: EndpointGroup = {
  routes: [
    {
      method: 'GET',
      path: '/v2/sizes',
      handle: (world) =>
        list(
          'sizes',
          sourceOf(world.collections.sizes.all(), (size) => size),
        ),
    },
    {
      method: 'GET',
      path: '/v2/regions',
      handle: (world) =>
        list(
          'regions',
          sourceOf(world.collections.regions.all(), (region) => region),
        ),
    },
    {
      method: 'GET',
      path: '/v2/images',
      handle: (world, { query }) => {
        const ids = listedImages(world, query);
        const render = (id: number): unknown => {
          const image = world.collections.images.get(id);
          return image && imageView(image);
        };
        return list('images', { total: ids.length, slice: (from, to) => ids.slice(from, to).map(render) });
      },
    },
    {
      method: 'GET',
      path: '/v2/images/:id',
      handle: (world, { params }) => {
        const image = world.collections.images.all().find(({ id, slug }) => String(id) === params.id || slug === params.id);
        if (image === undefined || image.hidden === true || image.status === 'deleted') throw notFound();
        return ok({ image: imageView(image) });
      },
    },
  ],
  transitions: {
    snapshot_listed: (world, event) => {
      const image = world.collections.images.get(event.ref);
      if (image === undefined) return;
      world.collections.images.put({ ...image, hidden: undefined });
      const droplet = world.collections.droplets.get(image.resource_id ?? 0);
      if (droplet !== undefined) world.collections.droplets.put({ ...droplet, snapshot_ids: [...droplet.snapshot_ids, image.id] });
    },
  },
};

function listedImages(world: World, { private: onlyPrivate, type, tag_name: tag }: Record<string, string>): SortedIds {
  if (onlyPrivate === 'true') return world.indexes.images.under('private');
  if (type === 'distribution' || type === 'application') return world.indexes.images.under(type);
  return world.indexes.images.under(tag === undefined ? 'all' : `tag:${tag}`);
}

/** An image in the API's format. An application image has the `type` `base`. */
export function imageView(image: ImageRecord): Record<string, unknown> {
  const {
    id,
    name,
    distribution,
    slug,
    public: isPublic,
    regions,
    created_at,
    min_disk_size,
    size_gigabytes,
    description,
    tags,
    status,
  } = image;
  return {
    id,
    name,
    type: image.type === 'application' ? 'base' : image.type,
    distribution,
    slug,
    public: isPublic,
    regions,
    created_at,
    min_disk_size,
    size_gigabytes,
    description,
    tags,
    status,
    error_message: '',
  };
}

/** Snapshots of droplets and of volumes in one list. A deleted snapshot stays in the list for a delay. */
export const snapshotsEndpoints: EndpointGroup = {
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

/** A droplet snapshot in the API's format of snapshots: the id is text here and a number among images. */
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

export function removeImage(world: World, image: ImageRecord): void {
  world.collections.images.put({ ...image, status: 'deleted' });
  const droplet = world.collections.droplets.get(image.resource_id ?? 0);
  if (droplet !== undefined) {
    const snapshot_ids = droplet.snapshot_ids.filter((id) => id !== image.id);
    world.collections.droplets.put({ ...droplet, snapshot_ids });
  }
  world.after('snapshot_deleted_listed_ms', 'image_forgotten', image.id);
  leaveProject(world, `do:image:${image.id}`);
}
