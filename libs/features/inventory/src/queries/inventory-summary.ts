import type { KindCompleteness } from '#libs/kernel';

/** Numbers of resources. The key null stands for resources without a tenant, or without a region. */
export interface SummaryView {
  readonly total: number;
  readonly unattributed: number;
  readonly by_kind: readonly { readonly kind: string; readonly count: number }[];
  readonly by_tenant: readonly { readonly tenant_id: string | null; readonly count: number }[];
  readonly by_region: readonly { readonly region: string | null; readonly count: number }[];
}

export interface SummaryAnswer {
  readonly data: SummaryView;
  readonly as_of: string | null;
  readonly completeness: Record<string, KindCompleteness>;
}

export interface CountRow {
  readonly by: 'all' | 'kind' | 'tenant' | 'region';
  readonly key: string | null;
  readonly count: number;
}

/** Set-based: all counts from the index `cloud_resources_counted`, which has no entry for a tombstone. $1 tenant or null. */
export const COUNT_RESOURCES = `
with alike as materialized (
  select kind, tenant_id, region, count(*) as count from cloud_resources
   where deleted_at is null and ($1::text is null or tenant_id = $1) group by kind, tenant_id, region)
select case grouping(kind, tenant_id, region) when 7 then 'all' when 3 then 'kind' when 5 then 'tenant' else 'region' end as by,
       case grouping(kind, tenant_id, region) when 3 then kind when 5 then tenant_id when 6 then region end as key, coalesce(sum(count), 0)::int as count
  from alike group by grouping sets ((), (kind), (tenant_id), (region)) order by count desc, key`;

export function summaryView(rows: readonly CountRow[]): SummaryView {
  const countsBy = (by: CountRow['by']) => rows.filter((row) => row.by === by);
  return {
    total: countsBy('all')[0]?.count ?? 0,
    unattributed: countsBy('tenant').find((row) => row.key === null)?.count ?? 0,
    by_kind: countsBy('kind').map(({ key, count }) => ({ kind: key ?? '', count })),
    by_tenant: countsBy('tenant').map(({ key, count }) => ({ tenant_id: key, count })),
    by_region: countsBy('region').map(({ key, count }) => ({ region: key, count })),
  };
}
