import { list, ok, type Answer } from '../http/answer';
import { notFound, pendingEvent, unprocessable } from '../http/provider-refusal';
import { integerParam, objectBody } from '../http/request-body';
import type { Family, ProviderRequest } from '../http/route';
import type { ActionRecord, DropletRecord } from '../world/records';
import type { World } from '../world/world';
import { actionSource, actionView } from './actions.family';
import { DROPLET_ACTIONS } from './droplet-action-types';
import { completeAction, isBusy, startAction } from './droplet-lifecycle';
import { existingDroplet, shownDroplet } from './droplets.family';

/** Actions on droplets: one at a time each, refused or carried out after their duration. */
export const dropletActionsFamily: Family = {
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
        list('actions', actionSource(world, world.indexes.actions.under(`droplet:${shownDroplet(world, request).id}`))),
    },
    { method: 'GET', path: '/v2/droplets/:id/actions/:action_id', handle: getDropletAction },
  ],
  transitions: {
    droplet_action_done: (world, { ref }) => {
      const action = completeAction(world, ref);
      const droplet = world.collections.droplets.get(action?.resource_id ?? 0);
      if (action === undefined || droplet === undefined) return;
      DROPLET_ACTIONS[action.type]?.take(world, droplet, action.input ?? {});
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

/** On this URL `completed_at` stays null for a while after `status` says completed. */
function getDropletAction(world: World, request: ProviderRequest): Answer {
  const droplet = shownDroplet(world, request);
  const action = world.collections.actions.get(integerParam(request, 'action_id') ?? 0);
  if (action === undefined || action.hidden === true || action.resource_id !== droplet.id) throw notFound();
  const isFresh =
    action.completed_at !== null && world.nowMs < Date.parse(action.completed_at) + world.value('lags').action_completed_at_ms;
  return ok({ action: { ...actionView(world, action), ...(isFresh && { completed_at: null }) } });
}
