import type { KindCompleteness } from '#libs/kernel';

/** How many resources there are. Null stands for what has no tenant, or no region. */
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

/** All counts in one look at the table. $1 tenant or null. */
export const COUNT_RESOURCES = `
select case grouping(kind, tenant_id, region) when 7 then 'all' when 3 then 'kind' when 5 then 'tenant' else 'region' end as by,
       case grouping(kind, tenant_id, region) when 3 then kind when 5 then tenant_id when 6 then region end as key, count(*)::int as count
  from cloud_resources where deleted_at is null and ($1::text is null or tenant_id = $1)
 group by grouping sets ((), (kind), (tenant_id), (region)) order by count desc, key`;

export function summaryView(rows: readonly CountRow[]): SummaryView {
  const of = (by: CountRow['by']) => rows.filter((row) => row.by === by);
  return {
    total: of('all')[0]?.count ?? 0,
    unattributed: of('tenant').find((row) => row.key === null)?.count ?? 0,
    by_kind: of('kind').map(({ key, count }) => ({ kind: key ?? '', count })),
    by_tenant: of('tenant').map(({ key, count }) => ({ tenant_id: key, count })),
    by_region: of('region').map(({ key, count }) => ({ region: key, count })),
  };
}
