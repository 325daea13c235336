import { filterSql, type ResourceFilters } from '#libs/inventory';
import type { CostGroupKey, CostWindow } from './cost-window';

const LINE_KEYS: Record<CostGroupKey, string> = {
  tenant: 'tenant_id',
  kind: 'kind',
  project: 'project',
  product: 'product',
  resource: 'resource_id::text',
  region: 'region',
  tax: 'is_tax',
  month: `to_char(period, 'YYYY-MM')`,
  day: 'null::text',
};

/**
 * Set-based: sums the lines of invoices, each of which is in exactly one group. Tax is left out unless it is a group. A filter on a
 * field that only resources have leaves out lines without a resource. $1 since, $2 until, then the filters.
 */
export function invoicedStatement(
  { since, until, mostGroups }: CostWindow,
  groupBy: readonly CostGroupKey[],
  filters: ResourceFilters,
): { text: string; values: unknown[] } {
  const { conditions, values } = filterSql({ ...filters, include_deleted: true }, 3);
  const keys = groupBy.map((key) => `"${key}"`).join(', ');
  const columns = [...groupBy.map((key) => `${LINE_KEYS[key]} as "${key}"`), 'sum(amount) as amount'];
  const text = `
with asked as (
  select * from (
    select l.kind, l.product, l.tenant_id, l.amount, l.is_tax, l.resource_id, l.project_name as project, i.period, r.region, r.status, r.size_slug,
           r.attributed_by, r.cloud_project_id, r.provider_id, r.urn, r.name, r.attrs, r.changed_at, r.deleted_at
      from cloud_invoices i join cloud_cost_lines l on l.invoice_id = i.id left join cloud_resources r on r.id = l.resource_id
     where i.period >= ($1::timestamptz at time zone 'UTC')::date and i.period < $2::timestamptz at time zone 'UTC') lines
   where ${[...conditions, ...(groupBy.includes('tax') ? [] : ['not is_tax'])].join(' and ')}),
groups as (select ${columns.join(', ')} from asked ${groupBy.length > 0 ? `group by ${groupBy.map((_key, at) => at + 1).join(', ')}` : ''})
select (select coalesce(json_agg(g), '[]') from (select ${keys === '' ? '' : `${keys}, `}amount::text as amount from groups where amount is not null
          order by groups.amount desc${keys === '' ? '' : `, ${keys}`} limit ${mostGroups + 1}) g) as groups,
       (select coalesce(sum(amount), 0)::text from groups) as amount, '[]'::json as unpriced`;
  return { text, values: [since, until, ...values] };
}
