import { Database } from '#libs/database';
import { type KindCompleteness, decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { INVENTORY_SWEEPS, sweptAs, sweepNamed } from '../kinds';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, type Repository } from 'typeorm';
import { Sweep } from '../entities/sweep.entity';
import { sweepView, type SweepView } from '../sync/sweep';
import { SweepLedger } from '../sync/sweep-ledger';

/** The completeness of the kinds in a response, from the ledger of sweeps. */
export interface Completeness {
  readonly as_of: string | null;
  readonly completeness: Record<string, KindCompleteness>;
  /** When the last complete sweep of a row's kind began, RFC 3339. A row without strikes counts as seen by that sweep. */
  readonly sweptAt: (kind: string) => string | null;
}

interface SweepState {
  readonly kind: string;
  readonly complete_at: Date | null;
  readonly last_status: string | null;
  readonly last_reason: string | null;
}

/** Reads how complete and how old the inventory is. */
@Injectable()
export class CompletenessReader {
  private readonly pending = new Map<string | undefined, Promise<Completeness>>();

  constructor(private readonly database: Database) {}

  /**
   * The completeness of one kind or of all, now or at a time. Concurrent callers share one read. Its result may be older than the rows that
   * the caller reads afterwards, never newer.
   */
  ofKind(kind: string | undefined, at: string | null = null): Promise<Completeness> {
    if (at !== null) return this.read(kind, at);
    const pending = this.pending.get(kind) ?? this.read(kind, at).finally(() => this.pending.delete(kind));
    this.pending.set(kind, pending);
    return pending;
  }

  private async read(kind: string | undefined, at: string | null): Promise<Completeness> {
    const states = await this.states(kind === undefined ? INVENTORY_SWEEPS.map((sweep) => sweep.kind) : [sweptAs(kind)], at);
    const sweptAt = new Map(states.map((state) => [state.kind, state.complete_at?.toISOString() ?? null]));
    const times = states.map((state) => state.complete_at);
    const oldest = times.includes(null) ? null : new Date(Math.min(...times.map(Number)));
    return {
      as_of: oldest?.toISOString() ?? null,
      completeness: Object.fromEntries(states.map((state) => [kind ?? state.kind, view(state)])),
      sweptAt: (rowKind) => sweptAt.get(sweptAs(rowKind)) ?? null,
    };
  }

  /** Measured: every page of the list of resources reads it (H1 of docs/measurements.md). */
  private states(kinds: readonly string[], at: string | null): Promise<SweepState[]> {
    return this.database.prepared<SweepState>(
      'sweep_states',
      `select w.kind, complete.started_at as complete_at, last.status as last_status, last.reason as last_reason
         from unnest($1::text[]) w(kind)
         left join lateral (select c.started_at from cloud_sweeps c where c.kind = w.kind and c.status = 'complete' and ($2::timestamptz is null or c.finished_at <= $2)
                             order by c.started_at desc limit 1) complete on true
         left join lateral (select l.status, l.reason from cloud_sweeps l where l.kind = w.kind and l.status <> 'running' and ($2::timestamptz is null or l.finished_at <= $2)
                             order by l.started_at desc limit 1) last on true`,
      [kinds, at],
    );
  }
}

/** A complete sweep with unreadable objects says so: their rows have older values. [TRU-3] */
function view(state: SweepState): KindCompleteness {
  const complete = state.last_status === 'complete';
  const caveat = state.last_reason === 'unreadable_item' ? state.last_reason : null;
  return { as_of: state.complete_at?.toISOString() ?? null, complete, reason: complete ? caveat : (state.last_reason ?? 'never_swept') };
}

/** Reads the ledger of sweeps. */
@Injectable()
export class SweepReader {
  constructor(
    @InjectRepository(Sweep) private readonly sweeps: Repository<Sweep>,
    private readonly ledger: SweepLedger,
    private readonly completeness: CompletenessReader,
  ) {}

  /** Newest first: ids of rows are ordered by time. Throws `UnknownKindError` for a kind that is not swept. */
  async list(kind: string | undefined, page: PageRequest): Promise<ListAnswer<SweepView>> {
    if (kind !== undefined) sweepNamed(kind);
    const before = decodeCursor(page.cursor, UUID_KEY);
    const complete = await this.completeness.ofKind(kind);
    const where = { ...(kind !== undefined && { kind }), ...(before !== null && { id: LessThan(before) }) };
    const rows = await this.sweeps.find({ where, order: { id: 'DESC' }, take: page.limit + 1 });
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => row.id);
    return { data: items.map(sweepView), page: { next_cursor }, as_of: complete.as_of, completeness: complete.completeness };
  }

  async get(id: string): Promise<SweepView> {
    return sweepView(await this.ledger.get(id));
  }
}
