import { Database, sql, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, type EntityManager, type Repository } from 'typeorm';
import { SagaHold } from '../entities/saga-hold.entity';
import { SagaRun } from '../entities/saga-run.entity';
import { SagaRegistry } from '../definition/saga-registry';
import { SagaStep } from '../entities/saga-step.entity';
import { FAILED_STATUSES, isOpen, quoted } from '../saga.states';

/** The data of a saga that the orphan reaper needs. */
export interface SagaOutline extends Pick<SagaRun, 'id' | 'kind' | 'status' | 'context' | 'input' | 'endedMsAgo'> {
  /** When it was accepted, ms since 1970 by the database's clock. */
  readonly createdAtMs: number;
  /**
   * The saga was open, or had ended shortly before, when this database was restored from a backup. What it created after the backup is
   * unknown to this database.
   */
  readonly restored: boolean;
}

/** The intent that a step of a saga has recorded before its side effect. */
export interface RecordedIntent extends Pick<SagaRun, 'status' | 'input'>, Pick<SagaStep, 'sagaId' | 'output'> {
  readonly intent: NonNullable<SagaStep['intent']>;
  readonly restored: boolean;
}

/** Queries about sagas for other libraries. They run in platform scope. */
@Injectable()
export class SagaQueries {
  constructor(
    private readonly database: Database,
    @InjectRepository(SagaRun) private readonly runs: Repository<SagaRun>,
    @InjectRepository(SagaStep) private readonly steps: Repository<SagaStep>,
    @InjectRepository(SagaHold) private readonly holds: Repository<SagaHold>,
    private readonly registry: SagaRegistry,
  ) {}

  /** The existing sagas among `ids`, by id. */
  async findByIds(ids: readonly string[]): Promise<Map<string, SagaOutline>> {
    const runs = await this.runs.findBy({ id: Any(ids) });
    return new Map(runs.map((run) => [run.id, outlineOf(run)]));
  }

  /** Intents of a step, of sagas of a kind that are open or ended within the last `withinMs`, in any final status. */
  findRecordedIntents(kind: string, step: string, withinMs: number): Promise<RecordedIntent[]> {
    return this.steps
      .createQueryBuilder('s')
      .innerJoin(SagaRun, 'r', 'r.id = s.saga_id')
      .select('s.saga_id as "sagaId", r.status as status, r.input as input, s.intent as intent, s.output as output')
      .addSelect('r.restored_at is not null as restored')
      .where('r.kind = :kind and s.name = :step and s.intent is not null', { kind, step })
      .andWhere(`(${isOpen('r')} or r.finished_at > clock_timestamp() - :withinMs * interval '1 millisecond')`, { withinMs })
      .getRawMany<RecordedIntent>();
  }

  /** Those of `values` that a step of this name has returned in `field` of its output, in another saga. */
  async outputsOfOtherSagas(sagaId: string, step: string, field: string, values: readonly string[]): Promise<Set<string>> {
    if (values.length === 0) return new Set();
    const rows = await this.steps
      .createQueryBuilder('s')
      .select('s.output ->> :field', 'value')
      .where('s.name = :step and s.saga_id <> :sagaId', { step, sagaId })
      .andWhere('s.output ->> :field = any (:values::text[])', { field, values })
      .getRawMany<{ value: string }>();
    return new Set(rows.map(({ value }) => value));
  }

  /** The saga that has a hold on the resource. */
  async holderOf(resource: string): Promise<string | undefined> {
    return (await this.holds.findOneBy({ resource }))?.sagaId;
  }

  /** Those of the holds that belong to running sagas which have begun or passed their pivot, and so can no longer be stopped. */
  async holdsAtPivot(em: EntityManager, holds: readonly string[]): Promise<Set<string>> {
    const rows = await sql<HolderAtStep>(em, HOLDERS, [holds]);
    const isAtPivot = ({ kind, step, begun, passed }: HolderAtStep) =>
      passed || (begun && this.registry.step(kind, step ?? '')?.pivot === true);
    return new Set(rows.filter(isAtPivot).map(({ resource }) => resource));
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
  anyOpen(): Promise<boolean> {
    return this.runs.createQueryBuilder('r').where(isOpen('r')).getExists();
  }

  /** The number of steps that wait. A saga has at most one. */
  countWaitingSteps(): Promise<number> {
    return this.steps.countBy({ status: 'waiting' });
  }

  /** Marks as restored: open sagas, sagas that may be retried, and sagas that ended within that time. Returns the number of open ones. */
  async markRestored(tx: Queryable, endedWithinMs: number): Promise<number> {
    const rows = await tx.query<{ open: boolean }>(MARK_RESTORED, [endedWithinMs]);
    return rows.filter(({ open }) => open).length;
  }
}

function outlineOf({ id, kind, status, context, input, endedMsAgo, createdAt, restoredAt }: SagaRun): SagaOutline {
  return { id, kind, status, context, input, endedMsAgo, createdAtMs: createdAt.getTime(), restored: restoredAt !== null };
}

interface HolderAtStep {
  readonly resource: string;
  readonly kind: string;
  readonly step: string | null;
  /** The current step has a line in the ledger. */
  readonly begun: boolean;
  readonly passed: boolean;
}

/** Set-based: the running sagas behind thousands of holds. $1 holds. */
const HOLDERS = `
select h.resource, r.kind, r.steps[r.step_idx + 1] as step, r.pivot_passed as passed,
       exists (select 1 from saga_steps s where s.saga_id = r.id and s.step_idx = r.step_idx) as begun
  from saga_holds h join saga_runs r on r.id = h.saga_id
 where h.resource = any ($1::text[]) and r.status = 'running'`;

/** Set-based: compares the plans of many sagas with their ledgers. $1 ids, $2 names of steps. */
const WITHOUT_INTENT = `
select r.id, extract(epoch from r.created_at)::float8 * 1000 as "createdAtMs" from saga_runs r
 where r.id = any ($1::uuid[]) and ${isOpen('r')} and r.restored_at is null and r.steps && $2::text[]
   and not exists (select 1 from saga_steps s where s.saga_id = r.id and s.name = any ($2::text[]) and (s.intent is not null or s.output is not null))`;

/** Set-based. $1 ended within ms. */
const MARK_RESTORED = `
update saga_runs r set restored_at = clock_timestamp()
 where ${isOpen('r')} or status in (${quoted(FAILED_STATUSES)}) or finished_at > clock_timestamp() - $1 * interval '1 millisecond'
returning ${isOpen('r')} as open`;
