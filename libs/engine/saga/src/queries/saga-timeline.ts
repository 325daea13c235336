import { Database, TenantTransaction, type RetentionRule } from '#libs/database';
import type { Scope } from '#libs/identity';
import { UUID_KEY } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { SagaRegistry } from '../definition/saga-registry';
import type { Fields, StepError } from '../definition/step-answer';
import { SagaAttempt, SagaProviderCall, type AttemptWait } from '../entities/saga-attempt.entity';
import { SagaRun } from '../entities/saga-run.entity';
import { SagaStep } from '../entities/saga-step.entity';
import { SagaNotFoundError } from '../saga.errors';
import type { SagaStatus, StepStatus } from '../saga.states';
import { asTime, inSnakeCase } from './saga-view';

/** One try of a step or of its compensation. */
export interface AttemptView {
  readonly started_at: string;
  /** The end of its latest execution; null while the first one runs. */
  readonly ended_at: string | null;
  readonly outcome: string;
  readonly error: StepError | null;
  readonly waits: readonly AttemptWait[];
  /** For admins: which worker, and its claim. Null for a tenant, and where a person ended the try. */
  readonly worker: string | null;
  readonly epoch: string | null;
}

export interface StepTimeline {
  readonly step_idx: number;
  readonly name: string;
  readonly status: StepStatus | 'planned';
  /** From here on nothing is undone. */
  readonly pivot: boolean;
  readonly attempts: readonly AttemptView[];
  /** The lane of the compensation: its tries, the first one first. */
  readonly compensation: readonly AttemptView[];
  /** For admins: what the step meant to do, as it was recorded last. */
  readonly intent: Fields | null;
}

export interface RelatedSaga {
  readonly id: string;
  readonly kind: string;
  readonly status: SagaStatus;
  readonly created_at: string;
}

export interface ProviderCallView {
  readonly step_idx: number;
  readonly compensating: boolean;
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  readonly ms: number;
  readonly request_id: string | null;
}

export interface SagaTimelineView {
  readonly saga_id: string;
  readonly kind: string;
  readonly status: SagaStatus;
  readonly paused_at: string | null;
  /** When the saga continues by itself. */
  readonly wake_at: string | null;
  readonly steps: readonly StepTimeline[];
  readonly relations: {
    /** The saga of which this one undoes a late write. */
    readonly parent: string | null;
    readonly redriven_from: string | null;
    readonly redriven_as: readonly string[];
    /** Drifts that this saga reverts. */
    readonly drift: readonly string[];
    /** The latest other sagas on the same resource. */
    readonly same_resource: readonly RelatedSaga[];
  };
  /** For admins: who has the saga. */
  readonly worker: { readonly owner: string | null; readonly epoch: string; readonly lease_until: string | null } | null;
  /** For admins: calls of the last 30 days, the latest ones if there are very many. */
  readonly provider_calls: readonly ProviderCallView[];
}

const MOST_RELATED = 20;
const MOST_CALLS = 1_000;

/**
 * By SQL, because the table belongs to another library. The drifts that were open at the start of a revert, on its fields. The id of the
 * resource is a parameter, because row security keeps the index from an expression. $1 saga, $2 limit, $3 resource.
 */
const DRIFTS_OF = `
select d.id from saga_runs r join cloud_drift d on d.resource_id = $3 and r.input -> 'fields' ? d.field
 where r.id = $1 and d.detected_at <= r.created_at and (d.closed_at is null or d.closed_at >= r.created_at) order by d.id limit $2`;

/** Reads the course of one saga. A tenant gets the reduced form: without workers, intents and calls. */
@Injectable()
export class SagaTimeline {
  constructor(
    @InjectRepository(SagaRun) private readonly runs: Repository<SagaRun>,
    private readonly database: Database,
    private readonly tenants: TenantTransaction,
    private readonly registry: SagaRegistry,
  ) {}

  /** Throws `SagaNotFoundError`, also for other tenants' sagas. */
  get(scope: Scope, id: string, on: SameResource): Promise<SagaTimelineView> {
    if (scope.kind === 'tenant') return this.tenants.run(scope.tenantId, (em) => this.read(em, scope, id, on));
    return this.read(this.runs.manager, scope, id, on);
  }

  private async read(em: EntityManager, scope: Scope, id: string, on: SameResource): Promise<SagaTimelineView> {
    const isAdmin = scope.kind === 'platform';
    const run = await em.findOneBy(SagaRun, scope.kind === 'tenant' ? { id, tenantId: scope.tenantId } : { id });
    if (!run) throw new SagaNotFoundError();
    const lines = await em.find(SagaStep, { where: { sagaId: id }, order: { stepIdx: 'ASC' } });
    const attempts = await em.find(SagaAttempt, { where: { sagaId: id }, order: { startedAt: 'ASC', nr: 'ASC' } });
    const newest = { where: { sagaId: id }, order: { id: 'DESC' }, take: MOST_CALLS } as const;
    const calls = isAdmin ? await em.find(SagaProviderCall, newest) : [];
    return {
      saga_id: id,
      kind: run.kind,
      status: run.status,
      paused_at: run.pausedAt?.toISOString() ?? null,
      wake_at: run.pausedAt === null ? (run.wakeAt?.toISOString() ?? null) : null,
      steps: run.steps.map((name, idx) => {
        const line = lines.find(({ stepIdx }) => stepIdx === idx);
        const own = attempts.filter(({ stepIdx }) => stepIdx === idx);
        const pivot = this.registry.step(run.kind, name)?.pivot === true;
        return stepTimeline({ name, idx, line, own, pivot, isAdmin });
      }),
      relations: await this.relationsOf(em, run, isAdmin, on),
      worker: isAdmin ? { owner: run.leaseOwner, epoch: run.epoch, lease_until: run.leaseUntil?.toISOString() ?? null } : null,
      provider_calls: calls.reverse().map(callView),
    };
  }

  /** A tenant learns of its own sagas only, by row security and by the condition. */
  private async relationsOf(em: EntityManager, run: SagaRun, isAdmin: boolean, on: SameResource): Promise<SagaTimelineView['relations']> {
    const redriven = await em.find(SagaRun, { where: { redrivenFrom: run.id }, select: { id: true }, order: { id: 'ASC' } });
    const resourceId = run.input.resource_id;
    const drift =
      typeof resourceId === 'string' && UUID_KEY.test(resourceId)
        ? await em.query<{ id: string }[]>(DRIFTS_OF, [run.id, MOST_RELATED, resourceId])
        : [];
    const parent = isAdmin && typeof run.input.write_id === 'string' ? await this.parentOf(run.input.write_id) : null;
    return {
      parent,
      redriven_from: run.redrivenFrom,
      redriven_as: redriven.map(({ id }) => id),
      drift: drift.map(({ id }) => id),
      same_resource: await this.sameResource(em, run, isAdmin, on),
    };
  }

  private async parentOf(writeId: string): Promise<string | null> {
    const [row] = await this.database.query<{ saga_id: string }>('select saga_id from saga_writes where id::text = $1', [writeId]);
    return row?.saga_id ?? null;
  }

  private async sameResource(em: EntityManager, { id, tenantId }: SagaRun, isAdmin: boolean, on: SameResource): Promise<RelatedSaga[]> {
    if (on.resourceId === null) return [];
    const query = em.createQueryBuilder(SagaRun, 'r').where('(r.resource_id = :resource or r.id = any (:writers))', {
      resource: on.resourceId,
      writers: on.writers,
    });
    query.andWhere('r.id <> :id', { id });
    if (!isAdmin) query.andWhere('r.tenant_id = :tenantId', { tenantId });
    const found = await query.orderBy('r.id', 'DESC').limit(MOST_RELATED).getMany();
    return found.map(({ id: other, kind, status, createdAt }) => ({ id: other, kind, status, created_at: createdAt.toISOString() }));
  }
}

/** What the saga works on, and the sagas that are known to have written it. */
export interface SameResource {
  readonly resourceId: string | null;
  readonly writers: readonly string[];
}

interface StepParts {
  readonly name: string;
  readonly idx: number;
  readonly line: SagaStep | undefined;
  readonly own: readonly SagaAttempt[];
  readonly pivot: boolean;
  readonly isAdmin: boolean;
}

/** A ledger line of a release that recorded no tries becomes one try. */
function stepTimeline({ name, idx, line, own, pivot, isAdmin }: StepParts): StepTimeline {
  const lane = (compensating: boolean) =>
    own.filter((attempt) => attempt.compensating === compensating).map((one) => attemptView(one, isAdmin));
  const attempts = lane(false);
  const intent = isAdmin && line?.intent ? (inSnakeCase(line.intent) as Fields) : null;
  const known = attempts.length === 0 && line && own.length === 0 ? [fromLedger(line)] : attempts;
  return { step_idx: idx, name, status: line?.status ?? 'planned', pivot, attempts: known, compensation: lane(true), intent };
}

function attemptView({ startedAt, endedAt, outcome, error, waits, worker, epoch }: SagaAttempt, isAdmin: boolean): AttemptView {
  return {
    started_at: startedAt.toISOString(),
    ended_at: endedAt.toISOString(),
    outcome,
    error,
    waits: (waits ?? []).map((one) => ({ ...one, since: asTime(one.since), until: asTime(one.until) })),
    worker: isAdmin ? worker : null,
    epoch: isAdmin ? epoch : null,
  };
}

function fromLedger({ startedAt, finishedAt, status, error }: SagaStep): AttemptView {
  const ended_at = finishedAt?.toISOString() ?? null;
  return { started_at: startedAt.toISOString(), ended_at, outcome: status, error, waits: [], worker: null, epoch: null };
}

function callView({ stepIdx, compensating, at, method, path, status, ms, requestId }: SagaProviderCall): ProviderCallView {
  return { step_idx: stepIdx, compensating, at: at.toISOString(), method, path, status, ms, request_id: requestId };
}

/** Calls at the provider are kept for 30 days. */
export const SAGA_RETENTION: readonly RetentionRule[] = [
  {
    what: 'saga_provider_calls',
    remove: `delete from saga_provider_calls where id in (
      select id from saga_provider_calls where at < clock_timestamp() - interval '30 days' order by at limit $1)`,
    values: [],
  },
];
