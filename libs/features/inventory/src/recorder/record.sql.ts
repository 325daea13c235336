import { ownerOf } from './attribution.sql';

/**
 * Holds the sweep's row for the rest of the transaction, if the sweep is still the running one and its lease has not lapsed. Pages of
 * one sweep share the hold; ending the sweep, or taking its place, waits for them.
 * Every write of a sweep asks for it, so that a thawed worker writes nothing. $1 = sweep id.
 */
export const FENCE = `fence as (
  select id from cloud_sweeps where id = $1 and status = 'running' and lease_until > clock_timestamp() for share)`;

/**
 * Answers the rows that a page does not leave as they are: one row per difference, or a single one of nulls. Reads only; `held` tells
 * whether the sweep may still write. Each id is looked up on its own (`offset 0` keeps the planner from joining the whole table, which
 * it takes to be small until it has been analysed). $2 account, $3 kind, $4 provider ids, $5 content hashes.
 */
export const COMPARE_PAGE = `
select f.held, d.*
  from (select count(*)::int as held from (select) one left join cloud_sweeps s on s.id = $1
         where $1::uuid is null or (s.status = 'running' and s.lease_until > clock_timestamp())) f
  left join lateral (
    select p.page_id, r.*
      from unnest($4::text[], $5::text[]) p(page_id, page_hash)
      left join lateral (
        select id, provider_id, name, region, status, size_slug, attrs, content_hash, owner_override,
               stale_strike_count, recorded_at, deleted_at
          from cloud_resources where account_id = $2 and kind = $3 and provider_id = p.page_id offset 0) r on true
     where r.id is null or r.content_hash <> p.page_hash or r.stale_strike_count > 0 or r.deleted_at is not null
  ) d on f.held = 1`;

/**
 * Writes what a page changes, with its events, all or nothing, and counts it.
 * A row that somebody else has written since the comparison is left to the next sweep. New and restored rows get their owner here;
 * what is known keeps its own until the membership pass or a person says otherwise.
 * The commit does not wait for the disk: what a page shows can be seen again, and whatever must not be lost (strikes, the end of the
 * sweep, what people do) comes later in the log and is waited for, which saves this too.
 * A `discovered` event carries the first values of the columns, as they are; readers show them as changes from null. The attributes are not
 * written a second time: later events carry their old values.
 * Without a sweep ($1 null) it records one sighting, which needs no leave of anybody.
 * $2 account, $3 kind, $4 requested at, $5 changes as JSON rows, $6 source of the events, $7 within how long lists must show what is new, ms, or null,
 * $8 the saga that has seen it, or null.
 */
export const WRITE_CHANGES = `
with ${FENCE},
allowed as (select from fence union all select where $1::uuid is null),
incoming as (
  select $2::uuid as account_id, $3::text as kind, c.*
    from json_to_recordset($5::json) as c(id uuid, owner_override text, old_hash text, what text, provider_id text, urn text, name text, region text,
         status text, size_slug text, attrs jsonb, parents text[], content_hash text, changes jsonb)
   where exists (select from allowed)),
owned as (
  select i.*, owner.tenant_id as owner_tenant, owner.project_id as owner_project, owner.by as owner_by, owner.ref as owner_ref
    from incoming i ${ownerOf('i')}),
fresh as (
  insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, size_slug, attrs, parents, content_hash,
         tenant_id, cloud_project_id, attributed_by, attributed_ref, first_seen_at, last_seen_at, listed_by)
  select i.account_id, i.kind, i.provider_id, i.urn, i.name, i.region, i.status, i.size_slug, i.attrs, i.parents, i.content_hash,
         i.owner_tenant, i.owner_project, i.owner_by, i.owner_ref, $4, $4, clock_timestamp() + $7::float8 * interval '1 millisecond'
    from owned i
   where i.id is null
  on conflict (account_id, kind, provider_id) do nothing
  returning id, provider_id, tenant_id),
changed as (
  update cloud_resources r
     set name = i.name, region = i.region, status = i.status, size_slug = i.size_slug, attrs = i.attrs, parents = i.parents,
         content_hash = i.content_hash, last_seen_at = greatest(r.last_seen_at, $4), recorded_at = clock_timestamp(),
         changed_at = case when i.what = 'refreshed' then r.changed_at else clock_timestamp() end,
         tenant_id = case when i.what = 'restored' then i.owner_tenant else r.tenant_id end,
         cloud_project_id = case when i.what = 'restored' then i.owner_project else r.cloud_project_id end,
         attributed_by = case when i.what = 'restored' then i.owner_by else r.attributed_by end,
         attributed_ref = case when i.what = 'restored' then i.owner_ref else r.attributed_ref end,
         stale_strike_count = 0, last_strike_at = null, deleted_at = null
    from owned i
   where r.id = i.id and r.content_hash = i.old_hash and r.recorded_at < $4 and (r.deleted_at is not null) = (i.what = 'restored')
  returning r.id, r.provider_id, r.tenant_id),
written as (
  select w.id, w.tenant_id, i.what,
         case when i.what <> 'discovered' then i.changes
              else jsonb_build_object('name', i.name, 'region', i.region, 'status', i.status, 'size_slug', i.size_slug)
         end as changes
    from (select * from fresh union all select * from changed) w join incoming i using (provider_id)),
told as (
  insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
  select id, tenant_id, what, $6, changes, coalesce($1, $8::uuid) from written where what <> 'refreshed'),
counts as (
  select count(*) filter (where what = 'discovered')::int as discovered,
         count(*) filter (where what in ('updated', 'tagged'))::int as updated,
         count(*) filter (where what = 'restored')::int as restored from written)
select c.*, (select count(*)::int from allowed) as held, set_config('synchronous_commit', 'off', true) from counts c`;
