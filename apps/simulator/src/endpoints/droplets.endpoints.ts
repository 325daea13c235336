import {
  type Answer,
  badRequest,
  type EndpointGroup,
  integerParam,
  list,
  type ListSource,
  noContent,
  notFound,
  ok,
  pageBody,
  pendingEvent,
  type ProviderRequest,
  unprocessable,
} from '../http/route';
import type { SortedIds } from '../world/collections';
import type { DropletRecord } from '../world/records';
import type { World } from '../world/world';
import { createDroplets } from './droplet-create';
import { destroyDroplet, dropletLifecycle, isBusy } from './droplet-lifecycle';
import { backupPolicyView, dropletSnapshotView, dropletView } from './droplet-view';

/** Droplets: list, get, create, destroy, and the snapshots and backups of a droplet. */
export const dropletsEndpoints: EndpointGroup = {
  routes: [
    {
      method: 'GET',
      path: '/v2/droplets',
      handle: (world, request) => list('droplets', dropletSource(world, listedDroplets(world, request))),
    },
    { method: 'POST', path: '/v2/droplets', handle: createDroplets },
    { method: 'DELETE', path: '/v2/droplets', handle: destroyByTag },
    {
      method: 'GET',
      path: '/v2/droplets/:id',
      handle: (world, request) => ok({ droplet: dropletView(world, readableDroplet(world, request)) }),
    },
    {
      method: 'DELETE',
      path: '/v2/droplets/:id',
      handle: (world, request) => {
        const droplet = existingDroplet(world, request);
        if (isBusy(world, droplet)) throw pendingEvent();
        destroyDroplet(world, droplet);
        return noContent;
      },
    },
    {
      method: 'GET',
      path: '/v2/droplets/:id/snapshots',
      handle: (world, request) => list('snapshots', imagesOf(world, request, 'snapshot')),
    },
    { method: 'GET', path: '/v2/droplets/backups/policies', handle: listBackupPolicies },
    {
      method: 'GET',
      path: '/v2/droplets/:id/backups/policy',
      handle: (world, request) => ok({ policy: backupPolicyView(world, readableDroplet(world, request)) }),
    },
    { method: 'GET', path: '/v2/droplets/:id/backups', handle: (world, request) => list('backups', imagesOf(world, request, 'backup')) },
  ],
  transitions: dropletLifecycle,
};

/** The droplet of the path for a write. It may be invisible to GET still, but its destroy must not have completed. */
export function existingDroplet(world: World, request: ProviderRequest): DropletRecord {
  const droplet = world.collections.droplets.get(integerParam(request, 'id') ?? 0);
  if (droplet === undefined || (droplet.deleted_at !== undefined && droplet.hidden?.includes('get') === true)) throw notFound();
  return droplet;
}

/** The droplet of the path for a read. */
export function readableDroplet(world: World, request: ProviderRequest): DropletRecord {
  const droplet = existingDroplet(world, request);
  if (droplet.hidden?.includes('get') === true) throw notFound();
  return droplet;
}

/** The ids of a list request. GPU droplets are listed on request only; a tag filter excludes other filters. */
function listedDroplets(world: World, { query }: ProviderRequest): SortedIds {
  const { tag_name: tag, name, type } = query;
  const { droplets } = world.indexes;
  if (tag !== undefined) {
    if (name !== undefined || type !== undefined) throw badRequest('tag_name can not be combined with name or type');
    return droplets.under(`tag:${world.collections.tags.get(tag.toLowerCase())?.name ?? tag}`);
  }
  if (type === 'gpus') return droplets.under('gpus');
  return droplets.under(name === undefined ? 'droplets' : `name:${name.toLowerCase()}`);
}

function dropletSource(world: World, ids: SortedIds): ListSource {
  const render = (id: number): unknown => {
    const droplet = world.collections.droplets.get(id);
    return droplet && dropletView(world, droplet);
  };
  return { total: ids.length, slice: (from, to) => ids.slice(from, to).map(render) };
}

/** The policies of all droplets: pages of an object with the droplets' ids as keys, not of a list. */
function listBackupPolicies(world: World, request: ProviderRequest): Answer {
  const ids = world.indexes.droplets.under('droplets');
  const render = (id: number): unknown => {
    const droplet = world.collections.droplets.get(id);
    return droplet && backupPolicyView(world, droplet);
  };
  const body = pageBody('policies', { total: ids.length, slice: (from, to) => ids.slice(from, to).map(render) }, true, request);
  const policies = (body.policies as { droplet_id: number }[]).map((policy) => [policy.droplet_id, policy] as const);
  return ok({ ...body, policies: Object.fromEntries(policies) });
}

function imagesOf(world: World, request: ProviderRequest, type: 'snapshot' | 'backup'): ListSource {
  const ids = world.indexes.images.under(`${type}:${readableDroplet(world, request).id}`);
  const render = (id: number): unknown => {
    const image = world.collections.images.get(id);
    return image && dropletSnapshotView(image);
  };
  return { total: ids.length, slice: (from, to) => ids.slice(from, to).map(render) };
}

/** Destroys every droplet with the tag, including GPU droplets and droplets that the list of the tag does not contain yet. */
function destroyByTag(world: World, { query }: ProviderRequest): typeof noContent {
  const requested = query.tag_name ?? '';
  if (requested === '') throw unprocessable('tag_name can not be empty');
  const tag = world.collections.tags.get(requested.toLowerCase());
  if (tag === undefined) throw notFound();
  const tagged = world.collections.droplets.all().filter((droplet) => droplet.tags.includes(tag.name) && droplet.deleted_at === undefined);
  if (tagged.some((droplet) => isBusy(world, droplet))) throw pendingEvent();
  for (const droplet of tagged) destroyDroplet(world, droplet);
  return noContent;
}
