import { Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { FAILED_STATUSES, quoted, type SagaStatus } from '../saga.states';

/** The data of a saga that the orphan reaper needs. */
export interface SagaOutline {
  readonly id: string;
  readonly kind: string;
  readonly status: SagaStatus;
  readonly context: Readonly<Record<string, unknown>>;
  readonly input: Readonly<Record<string, unknown>>;
  /** When it was accepted, ms since 1970 by the database's clock. */
  readonly createdAtMs: number;
  /** Time since the saga ended, by the database's clock; null while it is open. */
  readonly endedMsAgo: number | null;
  /**
   * The saga was open, or had ended shortly before, when this database was restored from a backup. What it created after the backup is
   * unknown to this database.
   */
  readonly restored: boolean;
}

/** The intent that a step of a saga has recorded before its side effect. */
export interface RecordedIntent {
  readonly sagaId: string;
  readonly status: SagaStatus;
  readonly input: Readonly<Record<string, unknown>>;
  readonly intent: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>> | null;
  readonly restored: boolean;
}

const COLUMNS = `id, kind, status, context, input, extract(epoch from created_at)::float8 * 1000 as "createdAtMs",
  extract(epoch from clock_timestamp() - finished_at)::float8 * 1000 as "endedMsAgo", restored_at is not null as restored`;

/** Queries about sagas for other libraries. They run in platform scope. */
@Injectable()
export class SagaQueries {
  constructor(private readonly database: Database) {}

  /** The existing sagas among `ids`, by id. */
  async findByIds(ids: readonly string[]): Promise<Map<string, SagaOutline>> {
    const rows = await this.database.query<SagaOutline>(`select ${COLUMNS} from saga_runs where id = any ($1::uuid[])`, [ids]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Intents of a step, of sagas of a kind that are open or ended within the last `withinMs`, in any final status. */
  findRecordedIntents(kind: string, step: string, withinMs: number): Promise<RecordedIntent[]> {
    return this.database.query<RecordedIntent>(
      `select r.id as "sagaId", r.status, r.input, s.intent, s.output, r.restored_at is not null as restored
         from saga_runs r join saga_steps s on s.saga_id = r.id and s.name = $2
        where r.kind = $1 and s.intent is not null
          and (r.wake_at is not null or r.finished_at > clock_timestamp() - $3 * interval '1 millisecond')`,
      [kind, step, withinMs],
    );
  }

  /** Those of `values` that a step of this name has returned in `field` of its output, in another saga. */
  async outputsOfOtherSagas(sagaId: string, step: string, field: string, values: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ value: string }>(
      'select distinct output ->> $3 as value from saga_steps where name = $2 and saga_id <> $1 and output ->> $3 = any ($4::text[])',
      [sagaId, step, field, values],
    );
    return new Set(rows.map(({ value }) => value));
  }

  /** The saga that has a hold on the resource. */
  async holderOf(resource: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ saga_id: string }>('select saga_id from saga_holds where resource = $1', [resource]);
    return row?.saga_id;
  }

  /**
   * The open sagas among `ids` that plan one of these steps and have recorded neither an intent nor an output of it, with
   * the time when each was accepted.
   */
  async withoutIntent(ids: readonly string[], steps: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.database.query<{ id: string; createdAtMs: number }>(WITHOUT_INTENT, [ids, steps]);
    return new Map(rows.map(({ id, createdAtMs }) => [id, createdAtMs]));
  }

  /** Whether any saga is open. */
  async anyOpen(): Promise<boolean> {
    const [row] = await this.database.query<{ open: boolean }>('select exists (select 1 from saga_runs where wake_at is not null) as open');
    return row?.open === true;
  }

  /** Marks as restored: open sagas, sagas that may be retried, and sagas that ended within that time. Returns the number of open ones. */
  async markRestored(tx: Queryable, endedWithinMs: number): Promise<number> {
    const rows = await tx.query<{ open: boolean }>(MARK_RESTORED, [endedWithinMs]);
    return rows.filter(({ open }) => open).length;
  }
}

/** $1 ids, $2 names of steps. */
const WITHOUT_INTENT = `
select r.id, extract(epoch from r.created_at)::float8 * 1000 as "createdAtMs" from saga_runs r
 where r.id = any ($1::uuid[]) and r.wake_at is not null and r.restored_at is null and r.steps && $2::text[]
   and not exists (select 1 from saga_steps s where s.saga_id = r.id and s.name = any ($2::text[]) and (s.intent is not null or s.output is not null))`;

/** $1 ended within ms. */
const MARK_RESTORED = `
update saga_runs set restored_at = clock_timestamp()
 where wake_at is not null or status in (${quoted(FAILED_STATUSES)}) or finished_at > clock_timestamp() - $1 * interval '1 millisecond'
returning wake_at is not null as open`;
