import type { Config } from '#libs/config';
import type { RetentionRule } from '#libs/database';

/** As long as the past can be asked for: events leave by whole months. */
const LONGEST_MONTH_DAYS = 31;
/** The feed is read back to what is known, by pages of 200: what it may show again must be known, or it would be told again. */
const NEWEST_ACTIONS = 1_000;

/**
 * $2 days with all sweeps, $3 days with one complete sweep of each kind and UTC day. The last of a kind and its last complete one stay: readers
 * ask for them. They are found once for all rows; asked for row by row, a table that lies in the order of time is read from its beginning for each.
 * `offset 0` has the later ones of a day asked for by the index.
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

/** $2 days, $3 how many of the newest stay. Their events have been told and are kept longer. */
const REMOVE_ACTIONS = `
delete from cloud_provider_actions where (account_id, action_id) in (
  with older as materialized (
    select c.id, (select n.action_id from cloud_provider_actions n where n.account_id = c.id order by n.action_id desc offset $3 limit 1) as upto
      from cloud_accounts c)
  select a.account_id, a.action_id from cloud_provider_actions a join older o on o.id = a.account_id
   where a.first_read_at < clock_timestamp() - $2 * interval '1 day' and a.action_id <= o.upto
   limit $1 for update of a skip locked)`;

/** $2 days. They name the sagas behind events, and go when those may. */
const REMOVE_SAGA_ACTIONS = `
delete from cloud_saga_actions where action_id in (
  select action_id from cloud_saga_actions where told_at < clock_timestamp() - $2 * interval '1 day' limit $1 for update skip locked)`;

/** What of the inventory may leave without being missed. Resources, projects and their histories never do. */
export function inventoryRetention({ inventory, retention }: Config): RetentionRule[] {
  const askedForDays = inventory.eventRetentionDays + LONGEST_MONTH_DAYS;
  return [
    { what: 'cloud_sweeps', remove: REMOVE_SWEEPS, values: [retention.sweepDays, Math.max(askedForDays, retention.sweepDays)] },
    { what: 'cloud_provider_actions', remove: REMOVE_ACTIONS, values: [retention.providerActionDays, NEWEST_ACTIONS] },
    { what: 'cloud_saga_actions', remove: REMOVE_SAGA_ACTIONS, values: [askedForDays] },
  ];
}
