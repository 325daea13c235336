import { snakeCase } from '#libs/database';
import type { PlannedCost } from '../definition/plan';
import type { StepPolicy } from '../definition/saga-definition';
import type { SagaApproval } from '../entities/saga-approval.entity';
import type { SagaRun } from '../entities/saga-run.entity';
import type { SagaStep } from '../entities/saga-step.entity';
import type { StepStatus } from '../saga.states';
import type { SagaFacts, SagaVerb } from '../start/verb-table';

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
  /** The step and the output to decide about, with the subject `step_output`. */
  readonly step: string | null;
  readonly output: SagaApproval['output'];
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
  /** Raised by each change that a person makes; a verb may name it as `expected_version`. */
  readonly version: number;
  /** Null while the saga is not paused. */
  readonly paused_at: string | null;
  readonly paused_by: string | null;
  readonly pause_reason: string | null;
  /** Limits that an operator has set for the steps of this saga. */
  readonly policy: PolicyView | null;
  /** The rolled back saga that this one repeats. */
  readonly redriven_from: string | null;
  /** What the person who asks may do with the saga now. */
  readonly actions: readonly SagaVerb[];
  readonly steps: readonly SagaStepView[];
}

/** Limits of steps; null where those of the step apply. */
export interface PolicyView {
  readonly tries: number | null;
  readonly backoff_ms: number | null;
  readonly max_backoff_ms: number | null;
  readonly time_limit_ms: number | null;
  readonly wait_limit_ms: number | null;
}

/** Whom a tenant sees in the place of an operator. */
export const OPERATOR = 'operator';
/** The actor of rejections without a decision in time. */
const SERVICE = 'approvals';

/** A ledger line as JSON: the names of its fields are those of the columns, and its times are in PostgreSQL's format. */
export interface LedgerJson extends Pick<SagaStep, 'name' | 'status' | 'attempts' | 'output' | 'error'> {
  readonly step_idx: number;
  readonly compensation_attempts: number;
  readonly has_intent: boolean;
  readonly started_at: string;
  readonly compensating_since: string | null;
  readonly finished_at: string | null;
}

/** What the statement reads beside the columns of a run. */
export type RawParts = {
  readonly ledger: LedgerJson[] | null;
  readonly resource: string | null;
  readonly approval: (Omit<SagaApprovalView, 'step'> & { readonly step_idx: number | null }) | null;
  /** The place in the order by the last progress, where the list has that order. */
  readonly moved?: string;
};
export const NO_PARTS: RawParts = { ledger: null, resource: null, approval: null };

/** A tenant does not learn the names of operators. A decision about its saga is made by one, or by the tenant that cancels. */
export function asTenantsSee({ approval, ...view }: SagaView, { byPlatform, createdBy }: SagaRun): SagaView {
  const nameFor = (sub: string | null) => (sub === null || (sub === createdBy && !byPlatform) || sub === SERVICE ? sub : OPERATOR);
  const seen = approval && { ...approval, asked_by: nameFor(approval.asked_by) ?? OPERATOR, decided_by: nameFor(approval.decided_by) };
  const pause = view.paused_at !== null && { paused_by: OPERATOR, pause_reason: null };
  return { ...view, approval: seen, ...pause, ...(byPlatform && { created_by: OPERATOR, reason: null }) };
}

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
export function sagaView(
  run: SagaRun,
  { resource, approval, ...parts }: RawParts,
  redacted: readonly string[],
  actions: readonly SagaVerb[],
): SagaView {
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
    approval: approval && approvalView(run, approval),
    created_at: run.createdAt.toISOString(),
    updated_at: lastProgress(run, ledger).toISOString(),
    finished_at: run.finishedAt?.toISOString() ?? null,
    wake_at: run.pausedAt === null ? (run.wakeAt?.toISOString() ?? null) : null,
    duration_ms: run.finishedAt && run.finishedAt.getTime() - run.createdAt.getTime(),
    cost: run.plan?.cost ?? null,
    version: run.version,
    paused_at: run.pausedAt?.toISOString() ?? null,
    paused_by: run.pausedBy,
    pause_reason: run.pauseReason,
    policy: run.policy && policyView(run.policy),
    redriven_from: run.redrivenFrom,
    actions,
    steps: run.steps.map((name, step_idx): SagaStepView => {
      const line = ledger.find((known) => known.step_idx === step_idx);
      if (line) return stepView(line);
      const status = isRunning(step_idx) ? 'running' : 'planned';
      return { step_idx, name, status, ...NOT_BEGUN };
    }),
  };
}

function policyView({ tries, backoffMs, maxBackoffMs, timeLimitMs, waitLimitMs }: Partial<StepPolicy>): PolicyView {
  return {
    tries: tries ?? null,
    backoff_ms: backoffMs ?? null,
    max_backoff_ms: maxBackoffMs ?? null,
    time_limit_ms: timeLimitMs ?? null,
    wait_limit_ms: waitLimitMs ?? null,
  };
}

/** What the table of verbs needs to know of the current step. */
export function lineFacts({ stepIdx }: SagaRun, ledger: readonly LedgerJson[] | null): SagaFacts['line'] {
  const line = ledger?.find(({ step_idx }) => step_idx === stepIdx);
  return (
    line && {
      status: line.status,
      hasError: line.error !== null,
      hasIntent: line.has_intent,
      compensationAttempts: line.compensation_attempts,
    }
  );
}

/** The ledger keeps the reason of a skipped step where it keeps the error of a failed one. */
function stepView({ started_at, compensating_since, finished_at, error, has_intent: _known, ...line }: LedgerJson): SagaStepView {
  const skipped = line.status === 'skipped';
  const times = { started_at: asTime(started_at), compensating_since: asTime(compensating_since), finished_at: asTime(finished_at) };
  return { ...line, ...times, reason: skipped ? (error?.detail ?? null) : null, error: skipped ? null : error };
}

function approvalView(
  { steps }: SagaRun,
  { asked_at, expires_at, decided_at, step_idx: idx, ...approval }: NonNullable<RawParts['approval']>,
): SagaApprovalView {
  return {
    ...approval,
    step: idx === null ? null : (steps[idx] ?? null),
    asked_at: asTime(asked_at),
    expires_at: asTime(expires_at),
    decided_at: asTime(decided_at),
  };
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

export function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [snakeCase(name), inSnakeCase(inner)]));
}

export function asTime(text: string): string;
export function asTime(text: string | null): string | null;
export function asTime(text: string | null): string | null {
  return text && new Date(text).toISOString();
}
