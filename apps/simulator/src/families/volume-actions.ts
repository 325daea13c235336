import { list, ok, sourceOf, type Answer } from '../http/answer';
import { notFound, unprocessable } from '../http/provider-refusal';
import { integerParam, objectBody } from '../http/request-body';
import type { ProviderRequest } from '../http/route';
import type { ActionRecord, VolumeRecord } from '../world/records';
import type { World } from '../world/world';
import { actionView } from './actions.family';
import { completeAction } from './droplet-lifecycle';
import { existingVolume } from './volume-view';

const TYPES: Readonly<Record<string, string>> = { attach: 'attach_volume', detach: 'detach_volume', resize: 'resize_volume' };

/** Accepts an action; what it does shows after its lag. The action names no resource: the real API's is null too. */
export function actOnVolume(world: World, request: ProviderRequest): Answer {
  const volume = existingVolume(world, request);
  const { type, droplet_id: dropletId, size_gigabytes: size } = objectBody(request);
  const action = TYPES[String(type)];
  if (action === undefined) throw unprocessable('type is invalid');
  if (type === 'attach') checkAttach(world, volume, dropletId);
  if (type === 'detach' && volume.droplet_ids[0] !== dropletId) throw unprocessable('Attachment not found');
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
}

export function finishVolumeAction(world: World, actionId: string | number, data: Record<string, unknown>): void {
  completeAction(world, actionId);
  const volume = world.collections.volumes.get(String(data.volume_id));
  if (volume === undefined) return;
  if (data.type === 'resize') world.collections.volumes.put({ ...volume, size_gigabytes: Number(data.size) });
  else putOnDroplet(world, volume, data.type === 'attach' ? Number(data.droplet_id) : null);
}

/** Both sides tell of it: the volume and its droplets. */
export function putOnDroplet(world: World, volume: VolumeRecord, dropletId: number | null): void {
  const droplets = world.collections.droplets;
  for (const id of volume.droplet_ids) {
    const droplet = droplets.get(id);
    if (droplet !== undefined) droplets.put({ ...droplet, volume_ids: droplet.volume_ids.filter((one) => one !== volume.id) });
  }
  const droplet = dropletId === null ? undefined : droplets.get(dropletId);
  if (droplet !== undefined) droplets.put({ ...droplet, volume_ids: [...droplet.volume_ids, volume.id] });
  world.collections.volumes.put({ ...volume, droplet_ids: droplet === undefined ? [] : [droplet.id] });
}

export function listVolumeActions(world: World, request: ProviderRequest): Answer {
  const { id } = existingVolume(world, request);
  const own = world.collections.actions.all().filter((action) => action.hidden !== true && action.input?.volume_id === id);
  return list(
    'actions',
    sourceOf(own.toReversed(), (action) => actionView(world, action)),
  );
}

export function getVolumeAction(world: World, request: ProviderRequest): Answer {
  const { id } = existingVolume(world, request);
  const action = world.collections.actions.get(integerParam(request, 'action_id') ?? 0);
  if (action === undefined || action.hidden === true || action.input?.volume_id !== id) throw notFound();
  return ok({ action: actionView(world, action) });
}

/** Starts an action on something that is no droplet. */
export function startResourceAction(
  world: World,
  type: string,
  resourceType: string,
  resourceId: number | null,
  region: string,
  input: Record<string, unknown>,
): ActionRecord {
  const action = world.collections.actions.put({
    id: world.nextId('action'),
    status: 'in-progress',
    type,
    started_at: world.now,
    completed_at: null,
    resource_id: resourceId,
    resource_type: resourceType,
    region_slug: region,
    hidden: true,
    input,
  });
  world.after('action_visible_ms', 'action_visible', action.id);
  return action;
}
