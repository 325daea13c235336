import { TenantTransaction } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository, SelectQueryBuilder } from 'typeorm';
import { SagaRegistry } from '../definition/saga-registry';
import { SagaRun } from '../entities/saga-run.entity';
import { SagaStep } from '../entities/saga-step.entity';
import { SagaNotFoundError } from '../saga.errors';
import type { StepStatus } from '../saga.states';

export interface SagaFilters {
  readonly status?: string;
  readonly kind?: string;
}

/** A step as the API returns it. A `planned` step has no ledger line yet. */
export interface SagaStepView extends Pick<SagaStep, 'name' | 'attempts' | 'output' | 'error'> {
  readonly step_idx: number;
  readonly status: StepStatus | 'planned';
  /** Why a skipped step had nothing to do; null for any other step. */
  readonly reason: string | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

/** A saga as the API returns it, with its whole ledger. */
export interface SagaView extends Pick<SagaRun, 'id' | 'kind' | 'status' | 'input' | 'context' | 'error' | 'leftovers'> {
  readonly cancel_requested: boolean;
  readonly current_step_idx: number;
  readonly tenant_id: string | null;
  readonly created_by: string;
  readonly created_at: string;
  readonly finished_at: string | null;
  readonly steps: readonly SagaStepView[];
}

/** A ledger line as JSON: the names of its fields are those of the columns, and its times are in PostgreSQL's format. */
interface LedgerJson extends Pick<SagaStep, 'name' | 'status' | 'attempts' | 'output' | 'error'> {
  readonly step_idx: number;
  readonly started_at: string;
  readonly finished_at: string | null;
}

/** Reads sagas in the scope of the caller, by a condition in the statement and by row security. [TEN-4] */
@Injectable()
export class SagaReader {
  constructor(
    @InjectRepository(SagaRun) private readonly runs: Repository<SagaRun>,
    private readonly tenants: TenantTransaction,
    private readonly registry: SagaRegistry,
  ) {}

  /** Newest first, because ids are ordered by time. Returns one saga more than `limit` when there are more. */
  list(scope: Scope, { status, kind }: SagaFilters, limit: number, beforeId: string | null): Promise<SagaView[]> {
    return this.read(scope, (query) => {
      if (status !== undefined) query.andWhere('r.status = :status', { status });
      if (kind !== undefined) query.andWhere('r.kind = :kind', { kind });
      if (beforeId !== null) query.andWhere('r.id < :beforeId', { beforeId });
      query.orderBy('r.id', 'DESC').limit(limit + 1);
    });
  }

  /** Throws `SagaNotFoundError`, also for other tenants' sagas. */
  async get(scope: Scope, id: string): Promise<SagaView> {
    const [saga] = await this.read(scope, (query) => query.andWhere('r.id = :id', { id }));
    if (!saga) throw new SagaNotFoundError();
    return saga;
  }

  private read(scope: Scope, narrow: (query: SelectQueryBuilder<SagaRun>) => void): Promise<SagaView[]> {
    const readWith = async (em: EntityManager) => {
      const query = em.createQueryBuilder(SagaRun, 'r').addSelect(selectLedger, 'ledger');
      if (scope.kind === 'tenant') query.andWhere('r.tenant_id = :tenant', { tenant: scope.tenantId });
      narrow(query);
      const { entities, raw } = await query.getRawAndEntities<{ ledger: LedgerJson[] | null }>();
      return entities.map((run, nr) => sagaView(run, raw[nr]?.ledger ?? [], this.registry.redactedInputFields(run.kind)));
    };
    return scope.kind === 'tenant' ? this.tenants.run(scope.tenantId, readWith) : readWith(this.runs.manager);
  }
}

/** The ledger belongs to the statement that reads the run, so that both are from one moment. Null without a line. */
const selectLedger = (query: SelectQueryBuilder<SagaRun>): SelectQueryBuilder<SagaStep> =>
  query
    .select(
      `json_agg(json_build_object('step_idx', s.step_idx, 'name', s.name, 'status', s.status, 'attempts', s.attempts,
         'started_at', s.started_at, 'finished_at', s.finished_at, 'output', s.output, 'error', s.error))`,
    )
    .from(SagaStep, 's')
    .where('s.saga_id = r.id');

/** `redacted`: fields of the input that the view omits. */
function sagaView(run: SagaRun, ledger: readonly LedgerJson[], redacted: readonly string[] = []): SagaView {
  const isRunning = (idx: number) => run.leased && run.status === 'running' && idx === run.stepIdx;
  return {
    id: run.id,
    kind: run.kind,
    status: run.status,
    input: Object.fromEntries(Object.entries(run.input).filter(([field]) => !redacted.includes(field))),
    context: run.context,
    error: run.error,
    leftovers: run.leftovers,
    cancel_requested: run.cancelRequested,
    current_step_idx: run.stepIdx,
    tenant_id: run.tenantId,
    created_by: run.createdBy,
    created_at: run.createdAt.toISOString(),
    finished_at: run.finishedAt?.toISOString() ?? null,
    steps: run.steps.map((name, step_idx): SagaStepView => {
      const line = ledger.find((known) => known.step_idx === step_idx);
      if (line) return stepView(line);
      const status = isRunning(step_idx) ? 'running' : 'planned';
      return { step_idx, name, status, reason: null, attempts: 0, started_at: null, finished_at: null, output: null, error: null };
    }),
  };
}

/** The ledger keeps the reason of a skipped step where it keeps the error of a failed one. */
function stepView({ started_at, finished_at, error, ...line }: LedgerJson): SagaStepView {
  const skipped = line.status === 'skipped';
  const times = { started_at: asTime(started_at), finished_at: asTime(finished_at) };
  return { ...line, ...times, reason: skipped ? (error?.detail ?? null) : null, error: skipped ? null : error };
}

const asTime = (text: string | null): string | null => text && new Date(text).toISOString();
