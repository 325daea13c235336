import type { Config } from '#libs/config';
import type { RetentionRule } from '#libs/database';

// All statements of this file are set-based: `Retention` runs them in batches.

/** `as_of` reaches back this much further than the retention of events, because events are archived by whole months. */
const LONGEST_MONTH_DAYS = 31;
/**
 * The feed is read back to the known actions, in pages of 200. An action that the feed may list again must stay known, or it gets a second
 * event.
 */
const NEWEST_ACTIONS = 1_000;

/**
 * $2 days with all sweeps, $3 days with one complete sweep per kind and UTC day. The last sweep of a kind and its last complete one stay:
 * readers
 * use them. They are found once for all rows; a lookup per row would read the table, which is ordered by time, from its beginning each
 * time. `offset 0` makes the planner find the later sweeps of a day by the index.
 */
const REMOVE_SWEEPS = `
delete from cloud_sweeps where id in (
  with latest as materialized (
    select kind, max(started_at) as started_at, max(started_at) filter (where status = 'complete') as complete_at from cloud_sweeps group by kind)
  select s.id from cloud_sweeps s join latest n on n.kind = s.kind
   where s.status <> 'running' and s.started_at < clock_timestamp() - $2 * interval '1 day' and s.started_at < n.started_at
     and (s.status <> 'complete' or s.started_at < n.complete_at
       and (s.started_at < clock_timestamp() - $3 * interval '1 day'
         or exists (select from cloud_sweeps l where l.kind = s.kind and l.status = 'complete' and l.started_at > s.started_at
                       and l.started_at < date_trunc('day', s.started_at, 'UTC') + interval '1 day' offset 0)))
   limit $1 for update of s skip locked)`;

/** $2 days, $3 how many of the newest actions stay. Their events are kept longer. */
const REMOVE_ACTIONS = `
delete from cloud_provider_actions where (account_id, action_id) in (
  with older as materialized (
    select c.id, (select n.action_id from cloud_provider_actions n where n.account_id = c.id order by n.action_id desc offset $3 limit 1) as upto
      from cloud_accounts c)
  select a.account_id, a.action_id from cloud_provider_actions a join older o on o.id = a.account_id
   where a.first_read_at < clock_timestamp() - $2 * interval '1 day' and a.action_id <= o.upto
   limit $1 for update of a skip locked)`;

/** $2 days. The rows name the sagas of events, and are deleted when those events may be archived. */
const REMOVE_SAGA_ACTIONS = `
delete from cloud_saga_actions where action_id in (
  select action_id from cloud_saga_actions where told_at < clock_timestamp() - $2 * interval '1 day' limit $1 for update skip locked)`;

/** The rows of the ledgers that may be deleted after a time. Resources, projects and their histories are never deleted. */
export function inventoryRetention({ inventory, retention }: Config): RetentionRule[] {
  const historyDays = inventory.eventRetentionDays + LONGEST_MONTH_DAYS;
  return [
    { what: 'cloud_sweeps', remove: REMOVE_SWEEPS, values: [retention.sweepDays, Math.max(historyDays, retention.sweepDays)] },
    { what: 'cloud_provider_actions', remove: REMOVE_ACTIONS, values: [retention.providerActionDays, NEWEST_ACTIONS] },
    { what: 'cloud_saga_actions', remove: REMOVE_SAGA_ACTIONS, values: [historyDays] },
  ];
}
