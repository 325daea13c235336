import { snakeCase, TenantTransaction } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository, SelectQueryBuilder } from 'typeorm';
import type { PlannedCost } from '../definition/plan';
import { SagaRegistry } from '../definition/saga-registry';
import { SagaApproval } from '../entities/saga-approval.entity';
import { SagaRun } from '../entities/saga-run.entity';
import { SagaStep } from '../entities/saga-step.entity';
import { SagaNotFoundError } from '../saga.errors';
import { RESOURCE_OF_RUN } from '../run/checkpoint.sql';
import type { StepStatus } from '../saga.states';

/** Filters of the list of sagas; a saga must match all that are given. */
export interface SagaFilters {
  /** One of these statuses, or one of these kinds. */
  readonly status?: string | readonly string[];
  readonly kind?: string | readonly string[];
  readonly tenant_id?: string;
  /** Sagas that work on this resource, and these sagas, which are known to have written it. */
  readonly resource?: { readonly id: string; readonly writers: readonly string[] };
  readonly created_by?: string;
  /** RFC 3339: started at this time or later, and before that one. */
  readonly since?: string;
  readonly until?: string;
}

/** A step as the API returns it. A `planned` step has no ledger line yet. */
export interface SagaStepView extends Pick<SagaStep, 'name' | 'attempts' | 'output' | 'error'> {
  readonly step_idx: number;
  readonly status: StepStatus | 'planned';
  /** Why a skipped step had nothing to do; null for any other step. */
  readonly reason: string | null;
  readonly compensation_attempts: number;
  readonly started_at: string | null;
  /** The begin of the compensation, or its last retry by an operator. `finished_at` is its end then. */
  readonly compensating_since: string | null;
  readonly finished_at: string | null;
}

/** The decision that a saga waits for, or waited for. */
export interface SagaApprovalView {
  readonly subject: SagaApproval['subject'];
  readonly why: string;
  /** For a tenant, `operator` when an operator asked or decided; of the service itself, `approvals`. */
  readonly asked_by: string;
  readonly asked_at: string;
  readonly expires_at: string;
  /** Null while there is no decision. */
  readonly decision: SagaApproval['decision'];
  readonly decided_by: string | null;
  readonly decided_at: string | null;
  readonly reason: string | null;
}

/** A saga as the API returns it, with its whole ledger. */
export interface SagaView extends Pick<SagaRun, 'id' | 'kind' | 'status' | 'input' | 'context' | 'error' | 'leftovers'> {
  readonly cancel_requested: boolean;
  readonly current_step_idx: number;
  readonly tenant_id: string | null;
  /** The resource that the saga works on, or that it created; null for others, and before it is created. */
  readonly resource_id: string | null;
  /** For a tenant, `operator` when an operator started the saga. */
  readonly created_by: string;
  /** Why it was started. A tenant does not see the reason of an operator. */
  readonly reason: string | null;
  /** Null for a saga that needed no decision. */
  readonly approval: SagaApprovalView | null;
  readonly created_at: string;
  /** The last progress: a step began or ended, or the saga ended. */
  readonly updated_at: string;
  readonly finished_at: string | null;
  /** When a worker continues the saga: the end of a wait or of a pause before a retry. Null when it has ended, or waits for a person. */
  readonly wake_at: string | null;
  /** From the start to the end; null while the saga is open. */
  readonly duration_ms: number | null;
  /** What the start was judged to cost, with the prices of that time; null for starts of earlier releases. */
  readonly cost: PlannedCost | null;
  readonly steps: readonly SagaStepView[];
}

/** Whom a tenant sees in the place of an operator. */
const OPERATOR = 'operator';
/** The actor of rejections without a decision in time. */
const SERVICE = 'approvals';

/** A ledger line as JSON: the names of its fields are those of the columns, and its times are in PostgreSQL's format. */
interface LedgerJson extends Pick<SagaStep, 'name' | 'status' | 'attempts' | 'output' | 'error'> {
  readonly step_idx: number;
  readonly compensation_attempts: number;
  readonly started_at: string;
  readonly compensating_since: string | null;
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
  list(scope: Scope, filters: SagaFilters, limit: number, beforeId: string | null): Promise<SagaView[]> {
    return this.read(scope, (query) => {
      const { status, kind, tenant_id, resource, created_by, since, until } = filters;
      if (status !== undefined) query.andWhere('r.status = any (:statuses)', { statuses: [status].flat() });
      if (kind !== undefined) query.andWhere('r.kind = any (:kinds)', { kinds: [kind].flat() });
      if (tenant_id !== undefined) query.andWhere('r.tenant_id = :tenant_id', { tenant_id });
      if (resource !== undefined)
        query.andWhere(`(r.input ->> 'resource_id' = :resource or r.id = any (:writers))`, {
          resource: resource.id,
          writers: resource.writers,
        });
      if (created_by !== undefined)
        query.andWhere(scope.kind === 'tenant' ? CREATED_BY_FOR_TENANT : 'r.created_by = :created_by', { created_by });
      if (since !== undefined) query.andWhere('r.created_at >= :since', { since });
      if (until !== undefined) query.andWhere('r.created_at < :until', { until });
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

  /** The kinds that this process knows. */
  knownKinds(): string[] {
    return this.registry.known().kinds.sort();
  }

  /** The kinds of all sagas in scope, which another release may have started. */
  kindsInRows(scope: Scope): Promise<string[]> {
    const read = async (em: EntityManager) => {
      const query = em.createQueryBuilder(SagaRun, 'r').select('distinct r.kind', 'kind');
      if (scope.kind === 'tenant') query.where('r.tenant_id = :tenant', { tenant: scope.tenantId });
      return (await query.getRawMany<{ kind: string }>()).map(({ kind }) => kind);
    };
    return scope.kind === 'tenant' ? this.tenants.run(scope.tenantId, read) : read(this.runs.manager);
  }

  private read(scope: Scope, narrow: (query: SelectQueryBuilder<SagaRun>) => void): Promise<SagaView[]> {
    const readWith = async (em: EntityManager) => {
      const query = em.createQueryBuilder(SagaRun, 'r').addSelect(selectLedger, 'ledger').addSelect(RESOURCE_OF_RUN, 'resource');
      query.addSelect(selectApproval, 'approval');
      if (scope.kind === 'tenant') query.andWhere('r.tenant_id = :tenant', { tenant: scope.tenantId });
      narrow(query);
      const { entities, raw } = await query.getRawAndEntities<RawParts>();
      return entities.map((run, nr) => {
        const view = sagaView(run, raw[nr] ?? NO_PARTS, this.registry.redactedInputFields(run.kind));
        return scope.kind === 'tenant' ? asTenantsSee(view, run) : view;
      });
    };
    return scope.kind === 'tenant' ? this.tenants.run(scope.tenantId, readWith) : readWith(this.runs.manager);
  }
}

/** What the statement reads beside the columns of a run. */
type RawParts = { readonly ledger: LedgerJson[] | null; readonly resource: string | null; readonly approval: SagaApprovalView | null };
const NO_PARTS: RawParts = { ledger: null, resource: null, approval: null };

/** A tenant does not learn the names of operators. A decision about its saga is made by one, or by the tenant that cancels. */
function asTenantsSee({ approval, ...view }: SagaView, { byPlatform, createdBy }: SagaRun): SagaView {
  const nameFor = (sub: string | null) => (sub === null || (sub === createdBy && !byPlatform) || sub === SERVICE ? sub : OPERATOR);
  const seen = approval && { ...approval, asked_by: nameFor(approval.asked_by) ?? OPERATOR, decided_by: nameFor(approval.decided_by) };
  return { ...view, approval: seen, ...(byPlatform && { created_by: OPERATOR, reason: null }) };
}

/** A tenant does not learn the names of operators: it filters by the word that it sees. */
const CREATED_BY_FOR_TENANT = `case when r.by_platform then '${OPERATOR}' else r.created_by end = :created_by`;

/** The ledger belongs to the statement that reads the run, so that both are from one moment. Null without a line. */
const selectLedger = (query: SelectQueryBuilder<SagaRun>): SelectQueryBuilder<SagaStep> =>
  query
    .select(
      `json_agg(json_build_object('step_idx', s.step_idx, 'name', s.name, 'status', s.status, 'attempts', s.attempts,
         'compensation_attempts', s.compensation_attempts, 'started_at', s.started_at, 'compensating_since', s.compensating_since, 'finished_at', s.finished_at, 'output', s.output, 'error', s.error))`,
    )
    .from(SagaStep, 's')
    .where('s.saga_id = r.id');

/** The newest decision about a run. Null when it needed none. */
const selectApproval = (query: SelectQueryBuilder<SagaRun>): SelectQueryBuilder<SagaApproval> =>
  query
    .select(
      `json_build_object('subject', a.subject, 'why', a.why, 'asked_by', a.asked_by, 'asked_at', a.asked_at, 'expires_at', a.expires_at,
         'decision', a.decision, 'decided_by', a.decided_by, 'decided_at', a.decided_at, 'reason', a.reason)`,
    )
    .from(SagaApproval, 'a')
    .where('a.saga_id = r.id')
    .orderBy('a.id', 'DESC')
    .limit(1);

/** What a step without a ledger line has. */
const NOT_BEGUN = {
  reason: null,
  attempts: 0,
  compensation_attempts: 0,
  started_at: null,
  compensating_since: null,
  finished_at: null,
  output: null,
  error: null,
} as const;

/** `redacted`: fields of the input that the view omits. */
function sagaView(run: SagaRun, { resource, approval, ...parts }: RawParts, redacted: readonly string[] = []): SagaView {
  const ledger = parts.ledger ?? [];
  const isRunning = (idx: number) => run.leased && run.status === 'running' && idx === run.stepIdx;
  return {
    id: run.id,
    kind: run.kind,
    status: run.status,
    input: Object.fromEntries(Object.entries(run.input).filter(([field]) => !redacted.includes(field))),
    context: run.context,
    error: run.error,
    leftovers: run.leftovers.map(leftoverView),
    cancel_requested: run.cancelRequested,
    current_step_idx: run.stepIdx,
    tenant_id: run.tenantId,
    resource_id: resource,
    created_by: run.createdBy,
    reason: run.reason,
    approval: approval && approvalView(approval),
    created_at: run.createdAt.toISOString(),
    updated_at: lastProgress(run, ledger).toISOString(),
    finished_at: run.finishedAt?.toISOString() ?? null,
    wake_at: run.wakeAt?.toISOString() ?? null,
    duration_ms: run.finishedAt && run.finishedAt.getTime() - run.createdAt.getTime(),
    cost: run.plan?.cost ?? null,
    steps: run.steps.map((name, step_idx): SagaStepView => {
      const line = ledger.find((known) => known.step_idx === step_idx);
      if (line) return stepView(line);
      const status = isRunning(step_idx) ? 'running' : 'planned';
      return { step_idx, name, status, ...NOT_BEGUN };
    }),
  };
}

/** The ledger keeps the reason of a skipped step where it keeps the error of a failed one. */
function stepView({ started_at, compensating_since, finished_at, error, ...line }: LedgerJson): SagaStepView {
  const skipped = line.status === 'skipped';
  const times = { started_at: asTime(started_at), compensating_since: asTime(compensating_since), finished_at: asTime(finished_at) };
  return { ...line, ...times, reason: skipped ? (error?.detail ?? null) : null, error: skipped ? null : error };
}

function approvalView({ asked_at, expires_at, decided_at, ...approval }: SagaApprovalView): SagaApprovalView {
  return { ...approval, asked_at: asTime(asked_at), expires_at: asTime(expires_at), decided_at: asTime(decided_at) };
}

function lastProgress({ createdAt, finishedAt }: SagaRun, ledger: readonly LedgerJson[]): Date {
  const times = ledger.flatMap(({ started_at, finished_at }) => [started_at, finished_at].map((at) => (at === null ? 0 : Date.parse(at))));
  return new Date(Math.max(createdAt.getTime(), finishedAt?.getTime() ?? 0, ...times));
}

/** What the engine notes about an effect in its intent: when it was sent, how often, and whether it can still happen. */
const NOTES_OF_ENGINE = /AtMs$|^(ruledOut|doubtful|sends|create)$/;

/** A leftover as the API returns it: what the step meant to do, without the notes of the engine. */
function leftoverView({ intent, ...rest }: SagaRun['leftovers'][number]): SagaRun['leftovers'][number] {
  const entries = Object.entries(intent ?? {}).filter(([name]) => !NOTES_OF_ENGINE.test(name));
  return { ...rest, intent: intent && (inSnakeCase(Object.fromEntries(entries)) as Record<string, unknown>) };
}

function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [snakeCase(name), inSnakeCase(inner)]));
}

function asTime(text: string): string;
function asTime(text: string | null): string | null;
function asTime(text: string | null): string | null {
  return text && new Date(text).toISOString();
}
