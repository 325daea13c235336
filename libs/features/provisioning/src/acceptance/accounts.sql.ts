import { UUID_PATTERN } from '#libs/kernel';
import { DESTROYING, RESERVING } from './demand';

const words = (list: readonly string[]) => list.map((word) => `'${word}'`).join(', ');
const whole = (field: string) => `case when jsonb_typeof(c.attrs -> '${field}') = 'number' then (c.attrs ->> '${field}')::numeric end`;
/** The backup plan of a droplet `c`; weekly, the provider's default, until it is known. Null without backups. */
const plan = `case when c.attrs -> 'features' ? 'backups' then coalesce(
    (select nullif(p.plan, 'unknown') from resource_prices p where p.resource_id = c.id and p.valid_to = 'infinity'), 'weekly') end`;

/** Not over: open, or failed with effects that a retry undoes or continues. Its index is `saga_runs_counted`. */
const COUNTED = `r.status not in ('completed', 'rolled_back', 'rejected')`;

/**
 * What limits count of some tenants, with the sizes and list prices that are needed to say what it costs, as one JSON object. The rows of one
 * statement are from one moment, so a resource is counted once: by its row, or by the saga that creates it while no living row of the tenant
 * carries the saga's id. After an operator has released the holds of a failed saga, it reserves nothing. Set-based: it serves a whole batch.
 * `accepting` also locks the tenants against a change of their status until the transaction ends. Measured: planning it takes longer than
 * running it, so it runs with one plan for all (`saga_lock_tenants`); the parts of a tenant are lateral, so that this plan reads them by
 * their index however many tenants the planner expects.
 * $1 tenants as JSON rows, `weighed` where resources count; $2 names of the starts; $3 their sizes; $4 their resources; $5 runs to leave out.
 */
export const readAccounts = (accepting: boolean): string => `
with asked as materialized (select * from json_to_recordset($1::json) as a(tenant text, weighed boolean, destroys boolean)),
standing as materialized (
  select t.id, t.status, t.orders_blocked_reason from tenants t where t.id in (select tenant from asked) order by t.id${accepting ? ' for share of t' : ''}),
owned as materialized (
  select a.tenant, o.* from asked a cross join lateral (
    select c.kind, c.size_slug, ${plan} as plan, case when c.kind in ('volume', 'snapshot') then ${whole('size_gigabytes')} end as gib,
           case when c.kind = 'load_balancer' then ${whole('size_unit')} end as nodes, c.status = 'assigned' as assigned, count(*)::int as count,
           case when count(${whole('vcpus')}) = count(*) then sum(${whole('vcpus')})::int end as vcpus
      from cloud_resources c
     where c.tenant_id = a.tenant and c.deleted_at is null and c.kind in ('droplet', 'volume', 'snapshot', 'load_balancer', 'floating_ip')
     group by 1, 2, 3, 4, 5, 6) o
   where a.weighed),
reserving as materialized (
  select r.tenant_id, r.kind, r.input - 'user_data' as input
    from asked a
   cross join lateral (select * from saga_runs r where r.tenant_id = a.tenant and ${COUNTED} offset 0) r
   where a.weighed and r.kind in (${words(RESERVING)}) and r.id <> all ($5::uuid[])
     and (r.status not in ('failed', 'compensation_failed') or r.released_holds = '{}')
     and not case r.kind
       when 'provision_droplet' then exists (
         select 1 from cloud_resources c where c.tenant_id = a.tenant and c.kind = 'droplet' and c.deleted_at is null
            and (c.attrs -> 'tags' ? ('arcadia-saga-' || r.id) or c.provider_id = r.context -> 'create_droplet' ->> 'droplet_id'))
       when 'snapshot_droplet' then exists (
         select 1 from cloud_resources c where c.tenant_id = a.tenant and c.kind = 'snapshot' and c.deleted_at is null
            and c.name = 'arcadia-snap-' || (r.input ->> 'droplet_id') || '-' || r.id)
       when 'create_volume' then exists (
         select 1 from cloud_resources c where c.tenant_id = a.tenant and c.kind = 'volume' and c.deleted_at is null
            and (c.attrs -> 'tags' ? ('arcadia-saga-' || r.id) or c.provider_id = r.context -> 'create_volume' ->> 'provider_id'))
       when 'reserve_ip' then exists (
         select 1 from cloud_resources c where c.tenant_id = a.tenant and c.kind = 'floating_ip' and c.deleted_at is null
            and c.provider_id = r.context -> 'reserve_ip' ->> 'provider_id')
       when 'restore_droplet' then r.input ->> 'skip_snapshot' = 'true' or exists (
         select 1 from cloud_resources c where c.tenant_id = a.tenant and c.kind = 'snapshot' and c.deleted_at is null
            and c.name = 'arcadia-snap-' || (r.input ->> 'droplet_id') || '-' || r.id)
       when 'destroy_droplet' then r.input ->> 'final_snapshot' is distinct from 'true' or exists (
         select 1 from cloud_resources c where c.tenant_id = a.tenant and c.kind = 'snapshot' and c.deleted_at is null
            and c.name = 'arcadia-snap-' || (r.input ->> 'droplet_id') || '-' || r.id)
       else false end),
named as (
  select distinct a.tenant, c.name
    from asked a
   cross join lateral (select c.name from cloud_resources c where c.tenant_id = a.tenant and c.kind = 'droplet' and c.deleted_at is null offset 0) c
   where a.weighed and c.name = any ($2::text[])
   union select tenant_id, input ->> 'name' from reserving where kind = 'provision_droplet' and input ->> 'name' = any ($2::text[])),
destroyed as (
  select a.tenant, extract(epoch from clock_timestamp() - r.created_at)::float8 * 1000 as age_ms
    from asked a join saga_runs r on r.tenant_id = a.tenant
     and r.id >= (encode(substring(int8send((extract(epoch from clock_timestamp() - interval '61 minutes') * 1000)::bigint) from 3), 'hex') || repeat('0', 20))::uuid
   where a.destroys and r.kind in (${words(DESTROYING)}) and r.status not in ('rolled_back', 'rejected') and r.id <> all ($5::uuid[])
     and r.created_at > clock_timestamp() - interval '1 hour'),
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
     'tenant', a.tenant, 'status', s.status, 'orders_blocked_reason', s.orders_blocked_reason,
     'limits', (select to_json(l) from (
        select max_droplets, max_vcpus, max_volume_gib, max_snapshots, max_monthly_cost::text, allowed_sizes, allowed_regions,
               approval_over_monthly::text, max_destroys_per_hour, unique_names, open_sagas, inherited
          from tenant_limits where tenant_id = a.tenant) l),
     'open_sagas', (select count(*)::int from saga_runs r where r.tenant_id = a.tenant and ${COUNTED}
        and r.status not in ('failed', 'compensation_failed') and not r.by_platform and r.id <> all ($5::uuid[])),
     'owned', (select json_agg(json_build_object('kind', kind, 'size', size_slug, 'plan', plan, 'gib', gib::text, 'nodes', nodes,
        'assigned', coalesce(assigned, false), 'count', count, 'vcpus', vcpus)) from owned o where o.tenant = a.tenant),
     'reserving', (select json_agg(json_build_object('kind', kind, 'input', input)) from reserving v where v.tenant_id = a.tenant),
     'names', (select json_agg(name) from named n where n.tenant = a.tenant),
     'destroy_ages_ms', (select json_agg(age_ms order by age_ms desc) from destroyed d where d.tenant = a.tenant)))
     from asked a left join standing s on s.id = a.tenant),
  'standard', (select to_json(l) from (
     select max_droplets, max_vcpus, max_volume_gib, max_snapshots, max_monthly_cost::text, allowed_sizes, allowed_regions,
            approval_over_monthly::text, max_destroys_per_hour, unique_names, open_sagas from tenant_limits where tenant_id = 'default') l),
  'targets', (select json_object_agg(id, json_build_object('size', size_slug, 'vcpus', vcpus, 'disk', disk, 'plan', plan, 'gib', gib)) from targets),
  'sizes', (select json_object_agg(z.slug, json_build_object('vcpus', z.vcpus, 'monthly', z.price_monthly::text, 'hourly', z.price_hourly::text))
     from provider_sizes z where z.slug in (select slug from slugs)),
  'rates', (select json_object_agg(product, json_build_object('amount', amount::text, 'minimum', minimum::text)) from rates)) as facts`;
