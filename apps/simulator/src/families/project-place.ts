import { unprocessable } from '../http/provider-refusal';
import type { World } from '../world/world';

/** Puts what was just made into the project that was asked for, or after the usual lag into the default one. Answers the project's id. */
export function placeInProject(world: World, urn: string, asked: unknown): string {
  const fallback = world.collections.projects.all().find(({ is_default }) => is_default)?.id ?? '';
  if (asked === undefined || asked === '') {
    world.after('member_default_ms', 'member_default', urn);
    return fallback;
  }
  if (typeof asked !== 'string' || world.collections.projects.get(asked) === undefined) throw unprocessable('project_id is invalid');
  world.after('member_default_ms', 'member_moved', urn, { data: { project_id: asked } });
  return asked;
}

/** Its project still lists for a while what has gone. */
export function leaveProject(world: World, urn: string): void {
  world.after('member_drop_ms', 'member_dropped', urn);
}
