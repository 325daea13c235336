import type { EventCause, EventRow } from './event-view';

/** An action as its `provider_action` event tells it. */
export interface ToldAction {
  readonly action_id: string;
  readonly action: string;
  /** The saga of ours that asked for it; null: somebody else did. */
  readonly saga_id: string | null;
  /** By the provider's clock. */
  readonly started_at: string | null;
  /** When we heard of it first, by ours. */
  readonly heard_at: Date;
}

/** An action that began longer ago than a day did not make the change. */
const LONGEST_EFFECT_MS = 86_400_000;

/**
 * Milliseconds by which an action may seem to begin after its effect was seen. Actions begin by the provider's clock, changes are seen by the
 * database's; both follow NTP and differ by far less, and no second action of a droplet can have an effect within such a time.
 */
export const CLOCK_SLACK_MS = 5_000;

/** Of a `provider_action` event `e`. An action without a time began when the feed showed it: nothing proves that it began before. */
const BEGAN = `coalesce((e.changes ->> 'started_at')::timestamptz, e.at)`;

/** Whether the event `e` shows an action that can have made a change seen between two times. However late the feed showed it: the cause is the same. */
export const actionsAbout = (from: string, to: string): string =>
  `e.type = 'provider_action' and e.at >= ${from} - interval '25 hours'
   and ${BEGAN} between ${from} - interval '${LONGEST_EFFECT_MS} milliseconds' and ${to} + interval '${CLOCK_SLACK_MS} milliseconds'`;

/** The columns of actions in a statement over their events `e`, grouped by `action_id`. */
export const ACTION_COLUMNS = `e.changes ->> 'action_id' as action_id, min(e.changes ->> 'action') as action,
       min(e.changes ->> 'started_at') as started_at, min(e.at) as heard_at`;

/** The actions of a resource that could have made changes seen between two times. $1 resource, $2 tenant or null, $3 from, $4 to. */
export const ACTIONS_OF_RESOURCE = `
select ${ACTION_COLUMNS} from cloud_resource_events e
 where e.resource_id = $1 and ($2::text is null or e.tenant_id = $2) and ${actionsAbout('$3::timestamptz', '$4::timestamptz')}
 group by 1`;

/** Those of them that sagas asked for. No tenant may read this table; the actions asked about are its own. $1 action ids. */
export const SAGAS_OF_ACTIONS = `select action_id::text, saga_id from cloud_saga_actions where action_id = any ($1::bigint[])`;

/** What the provider's actions change, by its own names of both. Source: the action types of droplets and reserved IPs. */
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

/** Whatever else was done to it before: only this deletes a droplet. */
const DELETED_BY: readonly string[] = ['destroy'];

/** A change as causes are found for it. */
export type CausedChange = Pick<EventRow, 'type' | 'at' | 'changes' | 'source' | 'saga_id'>;

/**
 * The action that made one of the changes: of those that began before the change was seen, the nearest. One that follows it never takes its place.
 * A droplet is switched off to be resized: what explains more than its status goes first. What a saga wrote has that saga as its cause, also
 * before the feed has shown an action of it.
 */
export function causeOf(event: CausedChange, actions: readonly ToldAction[]): EventCause | null {
  if (event.type !== 'updated' && event.type !== 'deleted') return null;
  const fields = Object.keys(event.changes);
  const able = new Set(event.type === 'deleted' ? DELETED_BY : fields.flatMap((field) => CHANGED_BY[field] ?? []));
  const telling = new Set(fields.filter((field) => field !== 'status').flatMap((field) => CHANGED_BY[field] ?? []));
  const rank = ({ action }: ToldAction): number => Number(telling.has(action));
  const [cause] = actions
    .filter((action) => able.has(action.action) && isOfWriter(event, action) && Number.isFinite(distanceMs(event, action)))
    .sort((a, b) => rank(b) - rank(a) || distanceMs(event, a) - distanceMs(event, b) || Number(b.action_id) - Number(a.action_id));
  if (cause)
    return { action_id: cause.action_id, action: cause.action, at: cause.started_at, ours: cause.saga_id !== null, saga_id: cause.saga_id };
  return event.saga_id === null ? null : { action_id: null, action: null, at: null, ours: true, saga_id: event.saga_id };
}

/** What a saga wrote is no effect of anybody else. Older events do not name the saga: any of ours may be meant. */
function isOfWriter({ source, saga_id: writer }: CausedChange, action: ToldAction): boolean {
  return source !== 'saga' || (writer === null ? action.saga_id !== null : action.saga_id === writer);
}

/** How far the beginning of an action is from the change. Those within the slack after it come behind all before it; infinite: it is no cause. */
function distanceMs({ at }: CausedChange, { started_at: startedAt, heard_at: heardAt }: ToldAction): number {
  const laterMs = (startedAt === null ? heardAt.getTime() : Date.parse(startedAt)) - at.getTime();
  if (laterMs > CLOCK_SLACK_MS || laterMs < -LONGEST_EFFECT_MS) return Infinity;
  return laterMs > 0 ? LONGEST_EFFECT_MS + laterMs : -laterMs;
}
