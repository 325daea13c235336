import type { RepeatableSql } from '#libs/database';

/**
 * The rates of all products, each with the time during which it counts: the catalog before what invoices taught before the configured list,
 * and within a source the latest. `observed` false leaves out what invoices taught. The function works as the owner of the table and checks
 * the scope itself, so that a tenant never gets an observed rate. The earliest rate of a product reaches back.
 * One join by product: to find the price of each start singly reads all prices for each of them, which is the square of their number.
 */
const RATES = `
create or replace function arcadia_rates(observed boolean) returns table (
  product text, source text, amount numeric, hourly numeric, minimum numeric, as_of timestamptz, counts_from timestamptz, counts_until timestamptz)
language sql stable security definer rows 300 set search_path from current as $$
  with allowed as (
    select p.*, array_position(array['catalog', 'observed', 'configured'], p.source) as rank
      from list_prices p where p.source <> 'observed' or (observed and arcadia_is_platform())),
  starts as (select distinct a.product, a.valid_from from allowed a),
  decided as (
    select distinct on (s.product, s.valid_from) s.product, s.valid_from, a.source, a.amount, a.hourly, a.minimum, a.as_of
      from starts s join allowed a on a.product = s.product and a.valid_from <= s.valid_from
     order by s.product, s.valid_from, a.rank, a.valid_from desc)
  select d.product, d.source, d.amount, d.hourly, d.minimum,
         case when d.source = 'catalog' and lead(d.valid_from) over later is null
              then greatest(d.as_of, (select c.taken_at from provider_catalogue c where c.name = 'offers')) else d.as_of end,
         case when lag(d.valid_from) over later is null then '-infinity' else d.valid_from end,
         coalesce(lead(d.valid_from) over later, 'infinity')
    from decided d window later as (partition by d.product order by d.valid_from);
$$;
revoke all on function arcadia_rates(boolean) from public;
grant execute on function arcadia_rates(boolean) to arcadia_service;`;

/**
 * What all resources are billed as, for the platform; a tenant finds no row. The policies of the table look up the resource of each row for
 * tenants, and the planner counts on that also where it never happens: it then reads the table row by row. The view works as the owner.
 */
const PLATFORM_PRICES = `
create or replace view platform_resource_prices as
  select resource_id, valid_from, valid_to, product, units, plan from resource_prices where (select arcadia_is_platform());
grant select on platform_resource_prices to arcadia_service;`;

export const CATALOG_RATES: readonly RepeatableSql[] = [
  { kind: 'function', name: 'arcadia_rates', sql: RATES },
  { kind: 'view', name: 'platform_resource_prices', sql: PLATFORM_PRICES },
];
