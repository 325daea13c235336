import { Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { RunStatus } from '../run/saga-run';

/** What cleaning up after sagas must know of one. */
export interface SagaOutline {
  readonly id: string;
  readonly kind: string;
  readonly status: RunStatus;
  readonly context: Readonly<Record<string, unknown>>;
  readonly input: Readonly<Record<string, unknown>>;
  /** Since it ended, by the database's clock; null while it goes on. */
  readonly endedMsAgo: number | null;
  /** It was not over when this database was restored from a backup: what it made since is not known here. */
  readonly restored: boolean;
}

/** What a step of a saga has recorded before its side effect. */
export interface RecordedIntent {
  readonly sagaId: string;
  readonly status: RunStatus;
  readonly input: Readonly<Record<string, unknown>>;
  readonly intent: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>> | null;
  readonly restored: boolean;
}

const COLUMNS = `id, kind, status, context, input, extract(epoch from clock_timestamp() - finished_at)::float8 * 1000 as "endedMsAgo", restored_at is not null as restored`;

/** Tells other parts of the product how sagas stand. Platform scope. */
@Injectable()
export class SagaQueries {
  constructor(private readonly database: Database) {}

  /** Those that exist, by id. */
  async findByIds(ids: readonly string[]): Promise<Map<string, SagaOutline>> {
    const rows = await this.database.query<SagaOutline>(`select ${COLUMNS} from saga_runs where id = any ($1::uuid[])`, [ids]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Of sagas of a kind that ended within that time, however, or go on. */
  findRecordedIntents(kind: string, step: string, withinMs: number): Promise<RecordedIntent[]> {
    return this.database.query<RecordedIntent>(
      `select r.id as "sagaId", r.status, r.input, s.intent, s.output, r.restored_at is not null as restored
         from saga_runs r join saga_steps s on s.saga_id = r.id and s.name = $2
        where r.kind = $1 and s.intent is not null
          and (r.wake_at is not null or r.finished_at > clock_timestamp() - $3 * interval '1 millisecond')`,
      [kind, step, withinMs],
    );
  }

  /** Which of these values other sagas' steps of that name have put out in a field. */
  async outputsOfOtherSagas(sagaId: string, step: string, field: string, values: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ value: string }>(
      'select distinct output ->> $3 as value from saga_steps where name = $2 and saga_id <> $1 and output ->> $3 = any ($4::text[])',
      [sagaId, step, field, values],
    );
    return new Set(rows.map(({ value }) => value));
  }

  /** The saga that holds something now. */
  async holderOf(resource: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ saga_id: string }>('select saga_id from saga_holds where resource = $1', [resource]);
    return row?.saga_id;
  }

  /** Marks what is not over; answers how many that is. */
  async markRestored(tx: Queryable): Promise<number> {
    const rows = await tx.query('update saga_runs set restored_at = clock_timestamp() where wake_at is not null returning 1');
    return rows.length;
  }
}
