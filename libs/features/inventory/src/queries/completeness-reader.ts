import { Database } from '#libs/database';
import { type KindCompleteness, decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { INVENTORY_SWEEPS, sweptAs, sweepNamed } from '../kinds';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Sweep } from '../entities/sweep.entity';
import { sweepView, type SweepView } from '../sync/sweep';
import { SweepLedger } from '../sync/sweep-ledger';

/** The completeness of the kinds in a response, from the ledger of sweeps. */
export interface Completeness {
  readonly as_of: string | null;
  readonly completeness: Record<string, KindCompleteness>;
  /** When the last complete sweep of a row's kind began, RFC 3339. A row without strikes counts as seen by that sweep. */
  readonly sweptAt: (kind: string) => string | null;
  /** The kinds with lists that are read once a day, because the account has no such resource. */
  readonly unused: ReadonlySet<string>;
  /** The provider calls of the last complete sweep of a kind. */
  readonly callsOf: (kind: string) => number;
}

interface SweepState {
  readonly kind: string;
  readonly complete_at: Date | null;
  readonly unused: boolean | null;
  readonly calls: number | null;
  readonly last_status: string | null;
  readonly last_reason: string | null;
}

/** Reads how complete and how old the inventory is. */
@Injectable()
export class CompletenessReader {
  private readonly pending = new Map<string | undefined, Promise<Completeness>>();

  constructor(private readonly database: Database) {}

  /**
   * The completeness of one kind, of several or of all, now or at a time. Concurrent callers share one read. Its result may be older than
   * the rows that the caller reads afterwards, never newer. A list that is not available, or that the account does not use, has no part in the `as_of` of several kinds. [KND-2, KND-3]
   */
  ofKind(kind: string | readonly string[] | undefined, at: string | null = null): Promise<Completeness> {
    if (at !== null || typeof kind === 'object') return this.read(kind, at);
    const pending = this.pending.get(kind) ?? this.read(kind, at).finally(() => this.pending.delete(kind));
    this.pending.set(kind, pending);
    return pending;
  }

  private async read(kind: string | readonly string[] | undefined, at: string | null): Promise<Completeness> {
    const kinds = kind === undefined ? INVENTORY_SWEEPS.map((sweep) => sweep.kind) : [kind].flat();
    const states = await this.states([...new Set(kinds.map(sweptAs))], at);
    const stateOf = new Map(states.map((state) => [state.kind, view(state)]));
    const sweptAt = new Map(states.map((state) => [state.kind, state.complete_at?.toISOString() ?? null]));
    const times = states.filter((state) => kinds.length === 1 || isDated(state)).map((state) => state.complete_at);
    const oldest = times.length === 0 || times.includes(null) ? null : new Date(Math.min(...times.map(Number)));
    return {
      as_of: oldest?.toISOString() ?? null,
      completeness: Object.fromEntries(kinds.map((named) => [named, stateOf.get(sweptAs(named)) ?? NEVER_SWEPT])),
      sweptAt: (rowKind) => sweptAt.get(sweptAs(rowKind)) ?? null,
      unused: new Set(states.flatMap((state) => (state.unused === true ? state.kind : []))),
      callsOf: (kind) => states.find((state) => state.kind === kind)?.calls ?? 0,
    };
  }

  /** Measured: every page of the list of resources reads it (H1 of docs/measurements.md). */
  private states(kinds: readonly string[], at: string | null): Promise<SweepState[]> {
    return this.database.prepared<SweepState>(
      'sweep_states',
      `select w.kind, complete.started_at as complete_at, complete.unused, complete.calls, last.status as last_status, last.reason as last_reason
         from unnest($1::text[]) w(kind)
         left join lateral (select c.started_at, c.unused, c.calls from cloud_sweeps c where c.kind = w.kind and c.status = 'complete' and ($2::timestamptz is null or c.finished_at <= $2)
                             order by c.started_at desc limit 1) complete on true
         left join lateral (select l.status, l.reason from cloud_sweeps l where l.kind = w.kind and l.status <> 'running' and ($2::timestamptz is null or l.finished_at <= $2)
                             order by l.started_at desc limit 1) last on true`,
      [kinds, at],
    );
  }
}

/** False for a list that the provider does not let us read, and for an empty one that is read once a day. */
const isDated = ({ last_status, unused }: SweepState): boolean => last_status !== 'not_available' && unused !== true;

/** The reason begins with it for a kind with a list that the provider does not let us read. */
export const NOT_AVAILABLE = 'not_available: ';

const NEVER_SWEPT: KindCompleteness = { as_of: null, complete: false, reason: 'never_swept' };

/** A complete sweep with unreadable objects has this reason: their rows have older values. [TRU-3] */
function view(state: SweepState): KindCompleteness {
  const complete = state.last_status === 'complete';
  if (state.last_status === 'not_available') return { as_of: null, complete: false, reason: `${NOT_AVAILABLE}${state.last_reason}` };
  const caveat = state.last_reason === 'unreadable_item' ? state.last_reason : null;
  return { as_of: state.complete_at?.toISOString() ?? null, complete, reason: complete ? caveat : (state.last_reason ?? 'never_swept') };
}

/** Filters of the list of sweeps; a sweep must match all that are given. `since` and `until` are RFC 3339, of the start. */
export interface SweepFilters {
  readonly statuses?: readonly string[];
  readonly trigger?: string;
  readonly since?: string;
  readonly until?: string;
}

/** What a suspect sweep did not list: a resource, a project, or the membership of a resource in a project. */
export interface MissingView {
  readonly what: 'resource' | 'project' | 'membership';
  /** Of the resource or project; null when the resource of a membership is not known. */
  readonly id: string | null;
  readonly kind: string;
  readonly provider_id: string;
  readonly name: string | null;
  readonly tenant_id: string | null;
  /** Of the membership that was not listed. */
  readonly project_name: string | null;
  readonly status: string | null;
  readonly stale_strike_count: number | null;
  readonly last_seen_at: string | null;
}

interface MissingRow extends Omit<MissingView, 'last_seen_at'> {
  readonly line: string;
  readonly last_seen_at: Date | null;
}

/** Reads the ledger of sweeps. */
@Injectable()
export class SweepReader {
  constructor(
    @InjectRepository(Sweep) private readonly sweeps: Repository<Sweep>,
    private readonly database: Database,
    private readonly ledger: SweepLedger,
    private readonly completeness: CompletenessReader,
  ) {}

  /** Newest first: ids of rows are ordered by time. Throws `UnknownKindError` for a kind that is not swept. */
  async list(kind: string | undefined, page: PageRequest, filters: SweepFilters = {}): Promise<ListAnswer<SweepView>> {
    const { statuses, trigger, since, until } = filters;
    if (kind !== undefined) sweepNamed(kind);
    const before = decodeCursor(page.cursor, UUID_KEY);
    const complete = await this.completeness.ofKind(kind);
    const query = this.sweeps.createQueryBuilder('s');
    if (kind !== undefined) query.andWhere('s.kind = :kind', { kind });
    if (statuses !== undefined) query.andWhere('s.status = any (:statuses)', { statuses });
    if (trigger !== undefined) query.andWhere('s.trigger = :trigger', { trigger });
    if (since !== undefined) query.andWhere('s.startedAt >= :since', { since });
    if (until !== undefined) query.andWhere('s.startedAt < :until', { until });
    if (before !== null) query.andWhere('s.id < :before', { before });
    const rows = await query
      .orderBy('s.id', 'DESC')
      .limit(page.limit + 1)
      .getMany();
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.id);
    return { data: items.map(sweepView), page: { next_cursor }, as_of: complete.as_of, completeness: complete.completeness };
  }

  async get(sweepId: string): Promise<SweepView> {
    return sweepView(await this.ledger.get(sweepId));
  }

  /** What a suspect sweep did not list, so that an operator can judge it. Throws `SweepNotFoundError`. [INV-5] */
  async listMissing(sweepId: string, { tenant_id }: { tenant_id?: string }, page: PageRequest): Promise<ListAnswer<MissingView>> {
    const { kind } = await this.ledger.get(sweepId);
    const after = decodeCursor(page.cursor, MISSING_KEY);
    const complete = await this.completeness.ofKind(kind);
    const rows = await this.database.query<MissingRow>(LIST_MISSING, [sweepId, after ?? '', tenant_id ?? null, page.limit + 1]);
    const { items, next_cursor } = pageOf(rows, page.limit, ({ line }) => line);
    const data = items.map(({ line: _line, last_seen_at, ...row }) => ({ ...row, last_seen_at: last_seen_at?.toISOString() ?? null }));
    return { data, page: { next_cursor }, as_of: complete.as_of, completeness: complete.completeness };
  }
}

/** A line of `cloud_sweeps.missing`. */
const MISSING_KEY = /^[^\0]{1,600}$/;

/**
 * Set-based: joins the lines `<kind>/<provider id>`, `project/<provider id>` and `member/<project>/<kind>/<provider id>` of one sweep with
 * what they name. $1 sweep, $2 the last line of the previous page, $3 tenant or null, $4 rows.
 */
const LIST_MISSING = `
with lines as (
  select line, s.account_id, line like 'member/%' as is_member,
         case when line like 'member/%' then regexp_replace(line, '^member/[^/]*/', '') else line end as named
    from cloud_sweeps s cross join unnest(s.missing) line where s.id = $1 and line collate "C" > $2),
named as (
  select l.*, split_part(named, '/', 1) as kind, substr(named, strpos(named, '/') + 1) as provider_id from lines l)
select n.line, case when n.is_member then 'membership' when p.id is not null then 'project' else 'resource' end as what, coalesce(r.id, p.id) as id,
       n.kind, n.provider_id, coalesce(r.name, p.name) as name, coalesce(r.tenant_id, p.tenant_id) as tenant_id, m.name as project_name,
       coalesce(r.status, case when p.deleted_at is null then 'active' else 'deleted' end) as status,
       coalesce(r.stale_strike_count, p.stale_strike_count)::int as stale_strike_count, coalesce(r.last_seen_at, p.recorded_at) as last_seen_at
  from named n
  left join cloud_resources r on r.account_id = n.account_id and r.kind = n.kind and r.provider_id = n.provider_id
  left join cloud_projects p on n.kind = 'project' and not n.is_member and p.account_id = n.account_id and p.provider_id = n.provider_id
  left join cloud_projects m on n.is_member and m.id::text = split_part(n.line, '/', 2)
 where $3::text is null or coalesce(r.tenant_id, p.tenant_id) = $3
 order by n.line collate "C" limit $4`;
