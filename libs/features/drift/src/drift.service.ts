import { Database } from '#libs/database';
import { ChangeCauses, CompletenessReader, type EventCause } from '#libs/inventory';
import { decodeCursor, pageOf, UUID_KEY, type KindCompleteness, type ListAnswer, type PageRequest } from '#libs/kernel';
import { DESIRED_FIELDS } from '#libs/provisioning';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { IGNORED, LATEST_REVERT } from './detection.sql';
import { DriftNotFoundError } from './drift.errors';
import type { DriftStatus } from './drift.states';
import { DriftDetection } from './entities/drift-detection.entity';
import { Drift } from './entities/drift.entity';
import { MISSING, type Severity } from './severity';

/** Filters of the list of drifts; a drift must match all that are given. */
export interface DriftFilters {
  /** `open` by default. */
  readonly status?: DriftStatus;
  readonly kind?: string;
  readonly tenant_id?: string;
  readonly resource_id?: string;
  readonly field?: string;
  readonly severity?: Severity;
  /** True: only open drifts that an ignore rule matches. By default these are not listed. */
  readonly ignored?: boolean;
}

/** A drift as the API returns it. */
export interface DriftView {
  readonly id: string;
  readonly resource_id: string;
  readonly kind: string;
  readonly resource_name: string | null;
  readonly tenant_id: string | null;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
  readonly status: DriftStatus;
  /** The drift is open and an ignore rule matches it. */
  readonly ignored: boolean;
  readonly spec_version: number;
  readonly severity: Severity;
  /** Cost of the difference per month by the size catalog, negative when it saves money; null where no price is known. */
  readonly monthly_price_delta: string | null;
  readonly currency: 'USD';
  /** The provider's action that caused the difference, where the action feed listed one. */
  readonly cause: Pick<EventCause, 'action' | 'action_id' | 'at' | 'ours' | 'saga_id'> | null;
  /** The latest revert, if an operator has started one. */
  readonly saga_id: string | null;
  readonly detected_at: string;
  readonly age_seconds: number;
  readonly closed_at: string | null;
  readonly closed_by: string | null;
  readonly reason: string | null;
}

interface DriftRow extends Omit<DriftView, 'currency' | 'cause' | 'detected_at' | 'closed_at'> {
  readonly detected_at: Date;
  /** The time of the detection that last found another actual value. */
  readonly changed_at: Date;
  readonly closed_at: Date | null;
}

/** How many of a tenant's live resources have a desired state. The tenant is null for resources without one. */
export interface Coverage {
  readonly tenant_id: string | null;
  readonly live: number;
  readonly managed: number;
  /** 0 to 1. */
  readonly share: number;
}

/** Counts over all tenants. An ignored drift counts in `ignored` only. */
export interface DriftSummary {
  /** End of the last detection; null before the first one. */
  readonly detected_at: string | null;
  /** Live resources with a desired state, and without. */
  readonly managed: number;
  readonly unmanaged: number;
  /** Live resources with an open drift. */
  readonly drifted: number;
  /** Managed resources that have been deleted. */
  readonly missing: number;
  /** Open drifts that an ignore rule matches. */
  readonly ignored: number;
  readonly open_by_severity: Readonly<Record<Severity, number>>;
  /** Sum over all open drifts with a known price; decimal. */
  readonly monthly_price_delta: string;
  readonly currency: 'USD';
  readonly coverage: readonly Coverage[];
}

type OpenCounts = Omit<DriftSummary, 'managed' | 'unmanaged' | 'currency' | 'coverage' | 'detected_at'>;

/** A page of drifts. */
export interface DriftList extends ListAnswer<DriftView> {
  /** End of the last detection; null before the first one. An empty list is no older than this. */
  readonly detected_at: string | null;
}

export interface DriftSummaryAnswer {
  readonly data: DriftSummary;
  readonly as_of: string | null;
  readonly completeness: Record<string, KindCompleteness>;
}

/** Reads drifts: those that wait for a decision, and the closed ones. */
@Injectable()
export class DriftService {
  /** The fields of desired states that this release records, and `missing` for a deleted resource. */
  readonly knownFields: readonly string[] = [...new Set([...Object.values(DESIRED_FIELDS).flat(), MISSING])].sort();

  constructor(
    private readonly database: Database,
    @InjectRepository(Drift) private readonly drifts: Repository<Drift>,
    @InjectRepository(DriftDetection) private readonly detections: Repository<DriftDetection>,
    private readonly causes: ChangeCauses,
    private readonly completeness: CompletenessReader,
  ) {}

  /** Newest first: row ids are ordered by time. */
  async list(filters: DriftFilters, page: PageRequest): Promise<DriftList> {
    const { status = 'open', kind, tenant_id, resource_id, field, severity, ignored = false } = filters;
    const complete = await this.completeness.ofKind(kind);
    const detected_at = await this.lastDetection();
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.select().where('d.status = :status', { status });
    if (kind !== undefined) query.andWhere('r.kind = :kind', { kind });
    if (tenant_id !== undefined) query.andWhere('r.tenant_id = :tenant', { tenant: tenant_id });
    if (resource_id !== undefined) query.andWhere('d.resource_id = :resource', { resource: resource_id });
    if (field !== undefined) query.andWhere('d.field = :field', { field });
    if (severity !== undefined) query.andWhere('d.severity = :severity', { severity });
    if (before !== null) query.andWhere('d.id < :before', { before });
    // Ignore rules apply to open drifts only; closed ones are always listed.
    query.andWhere(`(d.status = 'open' and ${IGNORED}) = :ignored`, { ignored });
    const rows = await query
      .orderBy('d.id', 'DESC')
      .limit(page.limit + 1)
      .getRawMany<DriftRow>();
    const { items, next_cursor } = pageOf(rows, page.limit, ({ id }) => id);
    return { data: await this.withCauses(items), page: { next_cursor }, ...complete, detected_at };
  }

  /** Fields of recorded desired states and drifts, which another release may have written. */
  async fieldsInRows(): Promise<string[]> {
    return (await this.database.query<{ field: string }>(FIELDS_IN_ROWS)).map(({ field }) => field);
  }

  /** Throws `DriftNotFoundError`. */
  async get(id: string): Promise<DriftView> {
    const [view] = await this.withCauses(await this.select().where('d.id = :id', { id }).getRawMany<DriftRow>());
    if (!view) throw new DriftNotFoundError();
    return view;
  }

  async summary(): Promise<DriftSummaryAnswer> {
    const { as_of, completeness } = await this.completeness.ofKind(undefined);
    const detected_at = await this.lastDetection();
    const counted = await this.database.query<Omit<Coverage, 'share'>>(COUNT_COVERAGE);
    const [open] = await this.database.query<OpenCounts>(COUNT_OPEN, [MISSING]);
    const sum = (of: 'live' | 'managed') => counted.reduce((all, tenant) => all + tenant[of], 0);
    const managed = sum('managed');
    const coverage = counted.map((tenant) => ({ ...tenant, share: share(tenant.managed, tenant.live) }));
    return {
      data: { ...NO_DRIFTS, ...open, managed, unmanaged: sum('live') - managed, currency: 'USD', coverage, detected_at },
      as_of,
      completeness,
    };
  }

  private async lastDetection(): Promise<string | null> {
    return (await this.detections.findOneBy({ one: true }))?.detectedAt.toISOString() ?? null;
  }

  /** Selects `DriftRow`s of a drift `d` and its resource `r`. */
  private select(): SelectQueryBuilder<Drift> {
    return this.drifts.createQueryBuilder('d').select(DRIFT_COLUMNS).innerJoin('cloud_resources', 'r', 'r.id = d.resource_id');
  }

  private async withCauses(rows: readonly DriftRow[]): Promise<DriftView[]> {
    const changes = rows.map(({ id, resource_id, field, changed_at }) => ({
      key: id,
      resource_id,
      fields: eventFields(field),
      until: changed_at,
    }));
    const causes = await this.causes.find(changes);
    return rows.map((row) => driftView(row, causes.get(row.id)));
  }
}

function driftView({ detected_at, changed_at: _changed_at, closed_at, ...row }: DriftRow, cause: EventCause | undefined): DriftView {
  return {
    ...row,
    currency: 'USD',
    cause: cause ? { ...cause, at: cause.at === null ? null : new Date(cause.at).toISOString() } : null,
    detected_at: detected_at.toISOString(),
    closed_at: closed_at?.toISOString() ?? null,
  };
}

/** The fields in the resource's events that record a change of a field of the desired state. */
function eventFields(field: string): string[] {
  if (field === MISSING || field === 'power') return ['status'];
  return field === 'backups' ? ['features'] : [field];
}

/** The columns of a `DriftRow`. The age stops when the drift is closed. */
const DRIFT_COLUMNS = `d.id as id, d.resource_id as resource_id, r.kind as kind, r.name as resource_name, r.tenant_id as tenant_id, d.field as field,
  d.expected as expected, d.actual as actual, d.status as status, d.status = 'open' and ${IGNORED} as ignored, d.spec_version as spec_version,
  d.severity as severity, d.monthly_price_delta::text as monthly_price_delta, (select v.id from (${LATEST_REVERT}) v) as saga_id,
  d.detected_at as detected_at, d.changed_at as changed_at,
  floor(extract(epoch from coalesce(d.closed_at, clock_timestamp()) - d.detected_at))::int as age_seconds,
  d.closed_at as closed_at, d.closed_by as closed_by, d.reason as reason`;

const NO_DRIFTS: OpenCounts = {
  drifted: 0,
  missing: 0,
  ignored: 0,
  open_by_severity: { low: 0, medium: 0, high: 0, critical: 0 },
  monthly_price_delta: '0.00',
};

const share = (part: number, whole: number): number => Math.round((part / whole) * 10_000) / 10_000;

/** Set-based: reads all desired states, for a field that is not known only. */
const FIELDS_IN_ROWS = `
select field from cloud_provisioned p cross join lateral jsonb_object_keys(p.spec) field union select field from cloud_drift order by 1`;

/** Set-based: counts all live resources. */
const COUNT_COVERAGE = `
select r.tenant_id, count(*)::int as live, count(p.resource_id)::int as managed
  from cloud_resources r left join cloud_provisioned p on p.resource_id = r.id and p.ended_at is null
 where r.deleted_at is null group by r.tenant_id order by r.tenant_id nulls last`;

/** Set-based: counts all open drifts. $1 the field name of a missing resource. */
const COUNT_OPEN = `
select count(distinct resource_id) filter (where not ignored and field <> $1)::int as drifted,
       count(*) filter (where not ignored and field = $1)::int as missing, count(*) filter (where ignored)::int as ignored,
       json_build_object('low', count(*) filter (where not ignored and severity = 'low'), 'medium', count(*) filter (where not ignored and severity = 'medium'),
         'high', count(*) filter (where not ignored and severity = 'high'), 'critical', count(*) filter (where not ignored and severity = 'critical')) as open_by_severity,
       coalesce(round(sum(monthly_price_delta) filter (where not ignored), 2), 0.00)::text as monthly_price_delta
  from (select d.resource_id, d.field, d.severity, d.monthly_price_delta, ${IGNORED} as ignored
          from cloud_drift d join cloud_resources r on r.id = d.resource_id where d.status = 'open') o`;
