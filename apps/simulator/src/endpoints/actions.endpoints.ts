import { type EndpointGroup, integerParam, list, type ListSource, notFound, ok } from '../http/route';
import type { SortedIds } from '../world/collections';
import type { ActionRecord, DropletRecord } from '../world/records';
import type { World } from '../world/world';

/** The action feed: all actions, newest first, and a single action. */
export const actionsEndpoints: EndpointGroup = {
  routes: [
    { method: 'GET', path: '/v2/actions', handle: (world) => list('actions', actionSource(world, world.indexes.actions.under('all'))) },
    {
      method: 'GET',
      path: '/v2/actions/:action_id',
      handle: (world, request) => {
        const action = world.collections.actions.get(integerParam(request, 'action_id') ?? 0);
        if (action === undefined || action.hidden === true) throw notFound();
        return ok({ action: actionView(world, action) });
      },
    },
  ],
  transitions: {
    action_visible: (world, { ref }) => {
      const action = world.collections.actions.get(ref);
      if (action !== undefined) world.collections.actions.put({ ...action, hidden: undefined });
    },
  },
};

/** An action in the API's format. */
export function actionView(world: World, action: ActionRecord): Record<string, unknown> {
  const { id, status, type, started_at, completed_at, resource_id, resource_type, region_slug } = action;
  const region = region_slug === null ? undefined : world.collections.regions.get(region_slug);
  return { id, status, type, started_at, completed_at, resource_id, resource_type, ...(region && { region }), region_slug };
}

/** A list of actions, newest first. */
export function actionSource(world: World, ids: SortedIds): ListSource {
  const render = (id: number): unknown => {
    const action = world.collections.actions.get(id);
    return action && actionView(world, action);
  };
  return { total: ids.length, slice: (from, to) => ids.newestFirst(from, to).map(render) };
}

/** Starts an action on a droplet. The action becomes visible and completes after its delays. */
export function startAction(world: World, droplet: DropletRecord, type: string, input?: Record<string, unknown>): ActionRecord {
  const action = world.collections.actions.put({
    id: world.nextId('action'),
    status: 'in-progress',
    type,
    started_at: world.now,
    completed_at: null,
    resource_id: droplet.id,
    resource_type: 'droplet',
    region_slug: droplet.region,
    hidden: true,
    ...(input && { input }),
  });
  world.after('action_visible_ms', 'action_visible', action.id);
  return action;
}

export function completeAction(
  world: World,
  actionId: string | number,
  status: 'completed' | 'errored' = 'completed',
): ActionRecord | undefined {
  const action = world.collections.actions.get(actionId);
  if (action === undefined || action.status !== 'in-progress') return undefined;
  return world.collections.actions.put({ ...action, status, completed_at: world.now });
}

/** Starts an action on a resource other than a droplet. */
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
