import { Database } from '#libs/database';
import { CompletenessReader } from '#libs/inventory';
import type { KindCompleteness } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { MISSING, type Severity } from '../comparison/severity';
import { IGNORED } from '../rules/ignored.sql';

/** How much of a tenant's living resources has a desired state. Null stands for what belongs to no tenant. */
export interface Coverage {
  readonly tenant_id: string | null;
  readonly live: number;
  readonly managed: number;
  /** 0 to 1. */
  readonly share: number;
}

/** How things stand. What is ignored counts in `ignored` only. */
export interface DriftSummary {
  /** Living resources with a desired state, and without. */
  readonly managed: number;
  readonly unmanaged: number;
  /** Living resources with an open drift. */
  readonly drifted: number;
  /** Resources that were ordered and are gone. */
  readonly missing: number;
  /** Open drifts that a rule overlooks. */
  readonly ignored: number;
  readonly open_by_severity: Readonly<Record<Severity, number>>;
  /** Of all open drifts with a known price; decimal. */
  readonly monthly_price_delta: string;
  readonly currency: 'USD';
  readonly coverage: readonly Coverage[];
}

type OpenRow = Omit<DriftSummary, 'managed' | 'unmanaged' | 'currency' | 'coverage'>;

export interface DriftSummaryAnswer {
  readonly data: DriftSummary;
  readonly as_of: string | null;
  readonly completeness: Record<string, KindCompleteness>;
}

/** Counts what is managed, and what of it is as it was ordered. */
@Injectable()
export class DriftCounts {
  constructor(
    private readonly database: Database,
    private readonly completeness: CompletenessReader,
  ) {}

  async summary(): Promise<DriftSummaryAnswer> {
    const { as_of, completeness } = await this.completeness.ofKind(undefined);
    const counted = await this.database.query<Omit<Coverage, 'share'>>(COVERAGE);
    const [open] = await this.database.query<OpenRow>(OPEN, [MISSING]);
    const sum = (of: 'live' | 'managed') => counted.reduce((all, tenant) => all + tenant[of], 0);
    const managed = sum('managed');
    const coverage = counted.map((tenant) => ({ ...tenant, share: share(tenant.managed, tenant.live) }));
    return {
      data: { ...NONE, ...open, managed, unmanaged: sum('live') - managed, currency: 'USD', coverage },
      as_of,
      completeness,
    };
  }
}

const NONE: OpenRow = {
  drifted: 0,
  missing: 0,
  ignored: 0,
  open_by_severity: { low: 0, medium: 0, high: 0, critical: 0 },
  monthly_price_delta: '0.00',
};

const share = (part: number, whole: number): number => Math.round((part / whole) * 10_000) / 10_000;

const COVERAGE = `
select r.tenant_id, count(*)::int as live, count(p.resource_id)::int as managed
  from cloud_resources r left join cloud_provisioned p on p.resource_id = r.id and p.ended_at is null
 where r.deleted_at is null group by r.tenant_id order by r.tenant_id nulls last`;

/** $1: the field of what is gone. */
const OPEN = `
select count(distinct resource_id) filter (where not ignored and field <> $1)::int as drifted,
       count(*) filter (where not ignored and field = $1)::int as missing, count(*) filter (where ignored)::int as ignored,
       json_build_object('low', count(*) filter (where not ignored and severity = 'low'), 'medium', count(*) filter (where not ignored and severity = 'medium'),
         'high', count(*) filter (where not ignored and severity = 'high'), 'critical', count(*) filter (where not ignored and severity = 'critical')) as open_by_severity,
       coalesce(round(sum(monthly_price_delta) filter (where not ignored), 2), 0.00)::text as monthly_price_delta
  from (select d.resource_id, d.field, d.severity, d.monthly_price_delta, ${IGNORED} as ignored
          from cloud_drift d join cloud_resources r on r.id = d.resource_id where d.status = 'open') o`;
