import { list, ok, sourceOf } from '../http/answer';
import { notFound } from '../http/provider-refusal';
import type { Family } from '../http/route';
import type { SortedIds } from '../world/sorted-ids';
import type { World } from '../world/world';
import { imageView } from './image-view';

/** Sizes, regions and images: what droplets can be made of. */
export const catalogueFamily: Family = {
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
