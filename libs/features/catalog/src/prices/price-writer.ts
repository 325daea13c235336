import type { Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { BackupPlan, Billed } from './list-price';

/**
 * The part of a recorder's statement that writes what resources are billed as, in the recorder's transaction and round trip. Measured: a
 * first sweep writes a row for each resource. `written` is a relation with `id` and `provider_id` of the rows that the statement wrote,
 * `incoming` one with `provider_id, product, units, plan`; rows without a product stay as they are. `at` is the time of the reading.
 * `changed` false leaves out the end of earlier rows, for a page with new resources only.
 */
export function recordPrices({
  written,
  incoming,
  at,
  changed,
}: {
  written: string;
  incoming: string;
  at: string;
  changed: boolean;
}): string {
  const since = changed ? `coalesce(r.since, '-infinity')` : `'-infinity'`;
  const plan = changed ? 'case when i.plan is not null then coalesce(r.plan, i.plan) end' : 'i.plan';
  const ended = `
repriced as (
  update resource_prices p set valid_to = greatest(${at}, p.valid_from + interval '1 microsecond')
    from ${written} w join ${incoming} i using (provider_id)
   where i.product is not null and p.resource_id = w.id and p.valid_to = 'infinity'
  returning p.resource_id, p.valid_to as since, p.plan),`;
  return `${changed ? ended : ''}
priced as (
  insert into resource_prices (resource_id, valid_from, valid_to, product, units, plan)
  select w.id, ${since}, 'infinity', i.product, i.units, ${plan}
    from ${written} w join ${incoming} i using (provider_id) ${changed ? 'left join repriced r on r.resource_id = w.id' : ''}
   where i.product is not null)`;
}

/** What a resource was billed as from a time on; `from` null: from the beginning. */
export interface BilledSince extends Billed {
  readonly resource_id: string;
  readonly from: string | null;
}

/** Set-based: the histories of resources without a row, such as those of a release that did not know prices. $1 JSON rows. */
const INSERT_HISTORIES = `
insert into resource_prices (resource_id, valid_from, valid_to, product, units, plan)
select g.resource_id, coalesce(g."from", '-infinity'), coalesce(lead(g."from") over (partition by g.resource_id order by g."from" nulls first), 'infinity'),
       g.product, g.units, g.plan
  from json_to_recordset($1::json) as g(resource_id uuid, "from" timestamptz, product text, units numeric, plan text)
on conflict do nothing`;

/**
 * Set-based: the plans that the provider reports. A plan that was unknown until now has been the plan all the time; a changed plan begins now.
 * $1 resource ids, $2 plans.
 */
const SET_PLANS = `
with given as (select * from unnest($1::uuid[], $2::text[]) as g(resource_id, plan)),
learned as (
  update resource_prices p set plan = g.plan from given g
   where p.resource_id = g.resource_id and p.plan = 'unknown'
  returning p.resource_id),
ended as (
  update resource_prices p set valid_to = greatest(clock_timestamp(), p.valid_from + interval '1 microsecond')
    from given g
   where p.resource_id = g.resource_id and p.valid_to = 'infinity' and p.plan in ('weekly', 'daily') and p.plan <> g.plan
  returning p.resource_id, p.valid_to as since, p.product, p.units, g.plan)
insert into resource_prices (resource_id, valid_from, valid_to, product, units, plan)
select resource_id, since, 'infinity', product, units, plan from ended`;

/** The only writer of `resource_prices`. */
@Injectable()
export class PriceWriter {
  async insertHistories(on: Queryable, rows: readonly BilledSince[]): Promise<void> {
    if (rows.length > 0) await on.query(INSERT_HISTORIES, [JSON.stringify(rows)]);
  }

  async setBackupPlans(on: Queryable, plans: ReadonlyMap<string, BackupPlan>): Promise<void> {
    if (plans.size > 0) await on.query(SET_PLANS, [[...plans.keys()], [...plans.values()]]);
  }
}
