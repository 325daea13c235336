import { accrualSteps, PRODUCT_NAME } from './accrual-steps.sql';
import { UNPRICED_REASON } from './accrual.sql';
import type { CostWindow } from './cost-window';

/** What accrued for one line of a tenant in a month, as a line of the provider's invoice would have it. Numbers are decimal text. */
export interface AccruedLine {
  readonly product: string;
  readonly kind: string;
  readonly description: string;
  readonly resource_id: string;
  /** Null also for what another tenant has by now. [TEN-3] */
  readonly resource_name: string | null;
  readonly project_name: string | null;
  readonly project_id: string | null;
  readonly region: string | null;
  readonly sku: string | null;
  readonly tags: readonly string[];
  /** Hours of the whole line; of backups, how many were taken. */
  readonly hours: string;
  /** The tenant's part, at list prices. Null: there is no price, for the reason. */
  readonly amount: string | null;
  readonly reason: string | null;
  /** Microseconds of the line that are the tenant's, of all. */
  readonly weight: string;
  readonly of_weight: string;
  readonly line_s: number;
  /** When the line was the tenant's: begin and end, in milliseconds since 1970. */
  readonly times: readonly (readonly [number, number])[];
}

/** Seconds between two automatic backups. */
const BACKUP_EVERY_S = `case plan when 'daily' then 86400 else 604800 end`;

/**
 * Set-based: every line of a tenant in a month, each with its own row, in a fixed order; what has no price comes last. $1 since, $2 until,
 * $3 tenant. The window is one month, until now at the latest.
 */
export function accruedLinesStatement(window: CostWindow, tenantId: string): { text: string; values: unknown[] } {
  const steps = accrualSteps({
    window,
    basis: 'list',
    byOwner: true,
    ofTenant: true,
    isForTenant: true,
    conditions: [],
    columns: {
      of_kind: 'l.billed_kind',
      of_product: PRODUCT_NAME,
      of_project: 'l.project',
      of_resource: 'l.billed_id',
      of_region: 'l.region',
      of_sku: `substr(p.product, strpos(p.product, ':') + 1)`,
      of_plan: 'p.plan',
    },
    isEachAlone: true,
    cuts: { byDay: false, cutsAll: true },
    rolled: null,
  });
  const text = `${steps},
found as (
  select line, is_backup, single, of_kind, of_product, of_project, of_resource, of_region, of_sku, of_plan as plan, trim_scale(money)::text as amount, null as reason,
         round(own * 1000000)::text as weight, round(whole * 1000000)::text as of_weight, whole as line_s, times
    from parts where tenant = $3
  union all
  select min(line), false, single, of_kind, of_product, of_project, of_resource, of_region, of_sku, null, null, ${UNPRICED_REASON}, '1', '1', 1, '[]'
    from priced where monthly is null and not is_backup and tenant_id = $3 and since < $2::timestamptz and until > $1::timestamptz
   group by 3, 4, 5, 6, 7, 8, 9, 12)
select case when is_backup then 'Droplet Backups' else of_product end as product, case when is_backup then 'droplet_backup' else of_kind end as kind,
       coalesce(case when r.tenant_id = $3 then r.name end, of_product) as description, of_resource::text as resource_id,
       case when r.tenant_id = $3 then r.name end as resource_name, of_project as project_name, r.cloud_project_id::text as project_id, of_region as region,
       case when r.kind = 'droplet' then of_sku else r.size_slug end as sku,
       case when jsonb_typeof(r.attrs -> 'tags') = 'array' then r.attrs -> 'tags' else '[]' end as tags,
       floor(line_s / case when is_backup then ${BACKUP_EVERY_S} else 3600 end)::text as hours, amount, reason, weight, of_weight,
       greatest(round(line_s), 1)::int as line_s, times
  from found join cloud_resources r on r.id = found.single
 order by (reason is not null), single, of_product collate "C", of_sku collate "C", is_backup`;
  return { text, values: [window.since, window.until, tenantId] };
}
