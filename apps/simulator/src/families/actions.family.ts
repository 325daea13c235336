import { list, ok, type ListSource } from '../http/answer';
import { notFound } from '../http/provider-refusal';
import { integerParam } from '../http/request-body';
import type { Family } from '../http/route';
import type { ActionRecord } from '../world/records';
import type { SortedIds } from '../world/sorted-ids';
import type { World } from '../world/world';

/** `GET /v2/actions`, newest first, and one of them. */
export const actionsFamily: Family = {
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
};

/** An action as the API shows it. */
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
