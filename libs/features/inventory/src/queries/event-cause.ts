import type { ResourceEvent } from '../entities/resource-event.entity';

/** The provider's action that caused a change, or the saga that wrote it. */
export interface EventCause {
  /** Null for a saga's change without an action, or before the feed has listed the action. */
  readonly action_id: string | null;
  readonly action: string | null;
  readonly at: string | null;
  /** True when one of our sagas started it. */
  readonly ours: boolean;
  readonly saga_id: string | null;
}

/** An action of the provider, from its `provider_action` event. */
export interface ReportedAction {
  readonly action_id: string;
  readonly action: string;
  /** The saga that started it. Null: it was started outside this service. */
  readonly saga_id: string | null;
  /** By the provider's clock. */
  readonly started_at: string | null;
  /** When the feed first listed it, by the database's clock. */
  readonly reported_at: Date;
}

/** An action that began longer ago than a day did not make the change. */
export const LONGEST_EFFECT_MS = 86_400_000;

/**
 * Milliseconds by which an action may appear to begin after its effect was seen. Actions have the provider's clock, changes the database's.
 * Both follow NTP and differ by far less, and no second action of a droplet can take effect within this time.
 */
export const CLOCK_SLACK_MS = 5_000;

/** The provider's action types that change a field. Source: the action types of droplets and reserved IPs. */
const CHANGED_BY: Readonly<Record<string, readonly string[]>> = {
  size_slug: ['resize'],
  memory: ['resize'],
  vcpus: ['resize'],
  disk: ['resize'],
  name: ['rename'],
  status: ['power_on', 'power_off', 'power_cycle', 'shutdown', 'reboot', 'destroy', 'assign_ip', 'unassign_ip', 'assign', 'unassign'],
  image: ['rebuild', 'restore'],
  features: ['enable_backups', 'disable_backups', 'enable_ipv6', 'enable_private_networking'],
  networks: ['enable_ipv6', 'enable_private_networking', 'create', 'assign_ip', 'unassign_ip'],
  droplet_id: ['assign_ip', 'unassign_ip', 'assign', 'unassign'],
  droplet_ids: ['attach_volume', 'detach_volume', 'attach', 'detach'],
  size_gigabytes: ['resize', 'resize_volume'],
};

/** The only action type that deletes a droplet. */
const DELETED_BY: readonly string[] = ['destroy'];

/** The fields of a change that determine its cause. */
export interface CausedChange extends Pick<ResourceEvent, 'type' | 'at' | 'changes' | 'source'> {
  /** The saga that wrote the event. Null for other sources, and for older events. */
  readonly saga_id: string | null;
}

/**
 * The action that caused the change: the nearest of those that began before the change was seen; one that began after it comes last. An
 * action that explains more than the status comes first, because a resize also switches the droplet off. A change that a saga wrote has
 * that saga as its cause, even before the feed has listed an action of it.
 */
export function causeOf(event: CausedChange, actions: readonly ReportedAction[]): EventCause | null {
  if (event.type !== 'updated' && event.type !== 'deleted') return null;
  const fields = Object.keys(event.changes);
  const able = new Set(event.type === 'deleted' ? DELETED_BY : fields.flatMap((field) => CHANGED_BY[field] ?? []));
  const explaining = new Set(fields.filter((field) => field !== 'status').flatMap((field) => CHANGED_BY[field] ?? []));
  const rank = ({ action }: ReportedAction): number => Number(explaining.has(action));
  const [cause] = actions
    .filter((action) => able.has(action.action) && isOfWriter(event, action) && Number.isFinite(distanceMs(event, action)))
    .sort(
      (a, b) =>
        rank(b) - rank(a) ||
        distanceMs(event, a) - distanceMs(event, b) ||
        a.reported_at.getTime() - b.reported_at.getTime() || // the provider's times have whole seconds
        Number(b.action_id) - Number(a.action_id),
    );
  if (cause)
    return { action_id: cause.action_id, action: cause.action, at: cause.started_at, ours: cause.saga_id !== null, saga_id: cause.saga_id };
  return event.saga_id === null ? null : { action_id: null, action: null, at: null, ours: true, saga_id: event.saga_id };
}

/** A saga's change is caused by that saga's actions only. Older events do not name their saga, so any of our sagas matches. */
function isOfWriter({ source, saga_id: writer }: CausedChange, action: ReportedAction): boolean {
  return source !== 'saga' || (writer === null ? action.saga_id !== null : action.saga_id === writer);
}

/**
 * Distance of the action's start from the change. Starts after the change, within the slack, rank behind all others. Infinity: no cause.
 */
function distanceMs({ at }: CausedChange, { started_at: startedAt, reported_at: reportedAt }: ReportedAction): number {
  const laterMs = (startedAt === null ? reportedAt.getTime() : Date.parse(startedAt)) - at.getTime();
  if (laterMs > CLOCK_SLACK_MS || laterMs < -LONGEST_EFFECT_MS) return Infinity;
  return laterMs > 0 ? LONGEST_EFFECT_MS + laterMs : -laterMs;
}
