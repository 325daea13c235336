import { UUID_PATTERN } from '#libs/kernel';
import { DESTROYING, RESERVING } from './demand';

const words = (list: readonly string[]) => list.map((word) => `'${word}'`).join(', ');
const whole = (field: string) => `case when jsonb_typeof(c.attrs -> '${field}') = 'number' then (c.attrs ->> '${field}')::numeric end`;
/** The backup plan of a droplet `c`; weekly, the provider's default, until it is known. Null without backups. */
const plan = `case when c.attrs -> 'features' ? 'backups' then coalesce(
    (select nullif(p.plan, 'unknown') from platform_resource_prices p where p.resource_id = c.id and p.valid_to = 'infinity'), 'weekly') end`;

/** Not over: open, or failed with effects that a retry undoes or continues. Its index is `saga_runs_counted`. */
const COUNTED = `r.status not in ('completed', 'rolled_back', 'rejected')`;

const standing = (accepting: boolean): string => `standing as materialized (
  select t.id, t.status, t.orders_blocked_reason from tenants t where t.id in (select tenant from asked) order by t.id${accepting ? ' for share of t' : ''})`;
/** Fields of the tenant `a`, of which `s` is the standing. */
const STANDING = `'tenant', a.tenant, 'status', s.status, 'orders_blocked_reason', s.orders_blocked_reason,
     'limits', (select to_json(l) from (
        select max_droplets, max_vcpus, max_volume_gib, max_snapshots, max_monthly_cost::text, allowed_sizes, allowed_regions,
               approval_over_monthly::text, max_destroys_per_hour, unique_names, open_sagas, inherited
          from tenant_limits where tenant_id = a.tenant) l)`;
const STANDARD = `'standard', (select to_json(l) from (
     select max_droplets, max_vcpus, max_volume_gib, max_snapshots, max_monthly_cost::text, allowed_sizes, allowed_regions,
            approval_over_monthly::text, max_destroys_per_hour, unique_names, open_sagas from tenant_limits where tenant_id = 'default') l)`;

/**
 * The part of `readAccounts` that is needed where no resource counts: power, records, names. Measured: starting the whole statement takes four
 * times as long as this one. `accepting` and $1 as there; $2 runs to leave out.
 */
export const readStandings = (accepting: boolean): string => `
with asked as materialized (select * from json_to_recordset($1::json) as a(tenant text)),
${standing(accepting)}
select json_build_object(
  'tenants', (select json_agg(json_build_object(${STANDING},
     'open_sagas', (select count(*)::int from saga_runs r where r.tenant_id = a.tenant and ${COUNTED}
        and r.status not in ('failed', 'compensation_failed') and not r.by_platform and r.id <> all ($2::uuid[]))))
     from asked a left join standing s on s.id = a.tenant),
  ${STANDARD}) as facts`;

/**
 * What limits count of some tenants, with the sizes and list prices that are needed to say what it costs, as one JSON object. The rows of one
 * statement are from one moment, so a resource is counted once: by its row, or by the saga that creates it while no living row of the tenant
 * carries the saga's id. After an operator has released the holds of a failed saga, it reserves nothing. Set-based: it serves a whole batch.
 * `accepting` also locks the tenants against a change of their status until the transaction ends. Measured: planning it takes longer than
 * running it, so it runs with one plan for all (`saga_lock_tenants`); the parts of a tenant are lateral, so that this plan reads them by
 * their index however many tenants the planner expects. Each table is read once, and what open sagas have made is found by its marks.
 * $1 tenants as JSON rows, `weighed` where resources count; $2 names of the starts; $3 their sizes; $4 their resources; $5 runs to leave out.
 */
export const readAccounts = (accepting: boolean): string => `
with asked as materialized (select * from json_to_recordset($1::json) as a(tenant text, weighed boolean, destroys boolean)),
${standing(accepting)},
living as materialized (
  select a.tenant, c.* from asked a cross join lateral (
    select c.kind, c.name, c.provider_id, c.size_slug, ${plan} as plan, case when c.kind in ('volume', 'snapshot') then ${whole('size_gigabytes')} end as gib,
           case when c.kind = 'load_balancer' then ${whole('size_unit')} end as nodes, c.status = 'assigned' as assigned, ${whole('vcpus')} as vcpus,
           case when c.kind in ('droplet', 'volume') and jsonb_typeof(c.attrs -> 'tags') = 'array' then c.attrs -> 'tags' end as tags
      from cloud_resources c
     where c.tenant_id = a.tenant and c.deleted_at is null and c.kind in ('droplet', 'volume', 'snapshot', 'load_balancer', 'floating_ip') offset 0) c
   where a.weighed),
owned as materialized (
  select tenant, kind, size_slug, plan, gib, nodes, assigned, count(*)::int as count, case when count(vcpus) = count(*) then sum(vcpus)::int end as vcpus
    from living group by 1, 2, 3, 4, 5, 6, 7),
made as materialized (
  select tenant, kind || ':' || case kind when 'snapshot' then name else provider_id end as mark from living
   union all select tenant, kind || ':' || tag from living, jsonb_array_elements_text(tags) tag where tag like 'arcadia-saga-%'),
counted as materialized (
  select a.tenant, a.weighed, r.* from asked a cross join lateral (
    select r.id, r.kind, r.input, r.status in ('failed', 'compensation_failed') as failed, r.released_holds = '{}' as holding, r.by_platform,
           case r.kind when 'provision_droplet' then 'droplet:arcadia-saga-' || r.id when 'create_volume' then 'volume:arcadia-saga-' || r.id
             when 'reserve_ip' then 'floating_ip:' || (r.context -> 'reserve_ip' ->> 'provider_id')
             else 'snapshot:arcadia-snap-' || (r.input ->> 'droplet_id') || '-' || r.id end as mark,
           case r.kind when 'provision_droplet' then 'droplet:' || (r.context -> 'create_droplet' ->> 'droplet_id')
             when 'create_volume' then 'volume:' || (r.context -> 'create_volume' ->> 'provider_id') end as found
      from saga_runs r where r.tenant_id = a.tenant and ${COUNTED} and r.id <> all ($5::uuid[]) offset 0) r),
reserving as materialized (
  select r.tenant as tenant_id, r.kind, r.input - 'user_data' as input
    from counted r
   where r.weighed and r.kind in (${words(RESERVING)}) and (not r.failed or r.holding)
     and not case when r.kind in ('resize_droplet', 'revert_droplet', 'resize_volume', 'set_droplet_backups') then false
       when r.kind = 'restore_droplet' and r.input ->> 'skip_snapshot' is not distinct from 'true' then true
       when r.kind = 'destroy_droplet' and r.input ->> 'final_snapshot' is distinct from 'true' then true
       else coalesce((r.tenant, r.mark) in (select tenant, mark from made), false) or coalesce((r.tenant, r.found) in (select tenant, mark from made), false) end),
named as (
  select distinct tenant, name from living where kind = 'droplet' and name = any ($2::text[])
   union select tenant_id, input ->> 'name' from reserving where kind = 'provision_droplet' and input ->> 'name' = any ($2::text[])),
destroyed as (
  select a.tenant, r.age_ms
    from asked a
   cross join lateral (
     select extract(epoch from clock_timestamp() - r.created_at)::float8 * 1000 as age_ms
       from saga_runs r
      where r.tenant_id = a.tenant
        and r.id >= (encode(substring(int8send((extract(epoch from clock_timestamp() - interval '61 minutes') * 1000)::bigint) from 3), 'hex') || repeat('0', 20))::uuid
        and r.kind in (${words(DESTROYING)}) and r.status not in ('rolled_back', 'rejected') and r.id <> all ($5::uuid[])
        and r.created_at > clock_timestamp() - interval '1 hour' offset 0) r
   where a.destroys),
targets as materialized (
  select c.id, c.size_slug, ${whole('vcpus')} as vcpus, ${whole('disk')} as disk, ${plan} as plan,
         case when c.kind = 'volume' then ${whole('size_gigabytes')} end as gib from cloud_resources c
   where c.id = any (array(select unnest($4::uuid[]) union select (input ->> 'resource_id')::uuid from reserving where input ->> 'resource_id' ~ '^${UUID_PATTERN}$'))),
slugs as (
  select size_slug as slug from owned where kind = 'droplet' union select input ->> 'size_slug' from reserving
   union select size_slug from targets where size_slug is not null union select unnest($3::text[])),
rates as (
  select distinct on (product) product, amount, minimum, valid_from from list_prices
   where source = 'configured' and valid_from <= clock_timestamp() order by product, valid_from desc)
select json_build_object(
  'tenants', (select json_agg(json_build_object(
     ${STANDING},
     'open_sagas', (select count(*)::int from counted r where r.tenant = a.tenant and not r.failed and not r.by_platform),
     'owned', (select json_agg(json_build_object('kind', kind, 'size', size_slug, 'plan', plan, 'gib', gib::text, 'nodes', nodes,
        'assigned', coalesce(assigned, false), 'count', count, 'vcpus', vcpus)) from owned o where o.tenant = a.tenant),
     'reserving', (select json_agg(json_build_object('kind', kind, 'input', input)) from reserving v where v.tenant_id = a.tenant),
     'names', (select json_agg(name) from named n where n.tenant = a.tenant),
     'destroy_ages_ms', (select json_agg(age_ms order by age_ms desc) from destroyed d where d.tenant = a.tenant)))
     from asked a left join standing s on s.id = a.tenant),
  ${STANDARD},
  'targets', (select json_object_agg(id, json_build_object('size', size_slug, 'vcpus', vcpus, 'disk', disk, 'plan', plan, 'gib', gib)) from targets),
  'sizes', (select json_object_agg(z.slug, json_build_object('vcpus', z.vcpus, 'monthly', z.price_monthly::text, 'hourly', z.price_hourly::text))
     from provider_sizes z where z.slug in (select slug from slugs)),
  'rates', (select json_object_agg(product, json_build_object('amount', amount::text, 'minimum', minimum::text)) from rates)) as facts`;
