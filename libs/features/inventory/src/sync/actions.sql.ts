import { FENCE } from '../recorder/record.sql';

/**
 * Where reading back may stop: what was read a while ago. Younger numbers are read again, because actions become visible out of order.
 * `begun` is false before the first look.
 */
export const READ_UP_TO = `
select exists (select 1 from cloud_provider_actions where account_id = $1) as begun,
       (select action_id::text from cloud_provider_actions
         where account_id = $1 and first_read_at < clock_timestamp() - interval '2 minutes' order by action_id desc limit 1) as id`;

/** Actions that have not ended as far as we know. Older ones than a day are given up. */
export const OPEN_ACTIONS = `
select action_id::text as id from cloud_provider_actions
 where account_id = $1 and status = 'in-progress' and first_read_at > clock_timestamp() - interval '1 day' order by action_id desc limit $2`;

/**
 * Keeps a page of the feed; answers what is new or has ended since. Known ones are left out before the insert, because a conflict locks its
 * row, and writes that lock. $1 sweep, $2 account, $3 actions as JSON rows.
 */
export const KEEP_ACTIONS = `
with ${FENCE}
insert into cloud_provider_actions as known (account_id, action_id, action, status, kind, provider_id, started_at, completed_at)
select $2, a."actionId", a.action, a.status, a.kind, a."providerId", a."startedAt", a."completedAt"
  from json_to_recordset($3::json) as a("actionId" bigint, action text, status text, kind text, "providerId" text,
       "startedAt" timestamptz, "completedAt" timestamptz)
  left join cloud_provider_actions k on k.account_id = $2 and k.action_id = a."actionId"
 where exists (select 1 from fence) and (k.action_id is null or k.status <> a.status)
on conflict (account_id, action_id) do update set status = excluded.status, completed_at = coalesce(excluded.completed_at, known.completed_at)
 where known.status <> excluded.status
returning action, status, kind, provider_id as "providerId"`;

/**
 * Tells each action's state once, as an event of its resource; an action on something that no sweep has shown yet waits for that, for an
 * hour. $1 sweep, $2 account.
 */
export const TELL_ACTIONS = `
with ${FENCE},
told as (
  update cloud_provider_actions a set told_status = a.status
    from cloud_resources r
   where exists (select 1 from fence) and a.account_id = $2 and a.kind is not null and a.told_status is distinct from a.status
     and a.first_read_at > clock_timestamp() - interval '1 hour'
     and r.account_id = a.account_id and r.kind = a.kind and r.provider_id = a.provider_id
  returning r.id as resource_id, r.tenant_id, a.action_id, a.action, a.status, a.started_at, a.completed_at)
insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
select resource_id, tenant_id, 'provider_action', 'action_feed',
       jsonb_build_object('action_id', action_id::text, 'action', action, 'status', status, 'started_at', started_at, 'completed_at', completed_at), $1
  from told order by action_id`;
