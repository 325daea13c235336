import type { EventCause, EventRow } from './event.view';

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

/** Action and change are noticed by different sweeps, either of them first. Longer ago than a day, the one did not make the other. */
const HEARD_BEFORE_MS = 86_400_000;
const HEARD_AFTER_MS = 300_000;

/** The actions told of a resource that could have made changes noticed between two times. $1 resource, $2 tenant or null, $3 from, $4 to. */
export const ACTIONS_OF_RESOURCE = `
select changes ->> 'action_id' as action_id, min(changes ->> 'action') as action, min(changes ->> 'started_at') as started_at, min(at) as heard_at
  from cloud_resource_events
 where resource_id = $1 and type = 'provider_action' and ($2::text is null or tenant_id = $2)
   and at between $3::timestamptz - interval '1 day' and $4::timestamptz + interval '5 minutes'
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

/**
 * The latest action about then that can have made one of the changes. A droplet is switched off to be resized: what explains more than its
 * status goes first.
 */
export function causeOf(event: Pick<EventRow, 'type' | 'at' | 'changes'>, actions: readonly ToldAction[]): EventCause | null {
  if (event.type !== 'updated' && event.type !== 'deleted') return null;
  const fields = Object.keys(event.changes);
  const able = new Set(fields.flatMap((field) => CHANGED_BY[field] ?? []));
  const telling = new Set(fields.filter((field) => field !== 'status').flatMap((field) => CHANGED_BY[field] ?? []));
  const candidates = actions.filter(({ action, heard_at }) => {
    const laterMs = heard_at.getTime() - event.at.getTime();
    return able.has(action) && laterMs > -HEARD_BEFORE_MS && laterMs <= HEARD_AFTER_MS;
  });
  const [cause] = candidates.sort(
    (a, b) => Number(telling.has(b.action)) - Number(telling.has(a.action)) || b.heard_at.getTime() - a.heard_at.getTime(),
  );
  if (!cause) return null;
  return { action_id: cause.action_id, action: cause.action, at: cause.started_at, ours: cause.saga_id !== null, saga_id: cause.saga_id };
}
