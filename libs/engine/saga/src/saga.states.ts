/** Where a saga is. `awaiting_approval` waits for a decision about its start, `failed` and `compensation_failed` for an operator. */
export type SagaStatus =
  | 'awaiting_approval'
  | 'pending'
  | 'running'
  | 'compensating'
  | 'completed'
  | 'rolled_back'
  | 'failed'
  | 'compensation_failed'
  | 'rejected';

/** Where a step is. */
export type StepStatus =
  'running' | 'waiting' | 'completed' | 'skipped' | 'failed' | 'compensating' | 'compensated' | 'compensation_failed';

/** How a try of a step, or of its compensation, stands. `retry`: another try follows. */
export type AttemptOutcome = 'waiting' | 'retry' | 'completed' | 'skipped' | 'failed' | 'compensated' | 'compensation_failed';

/** The allowed changes of a saga's status. A checkpoint may also leave an open status unchanged. */
export const SAGA_TRANSITIONS = {
  /** By an admin's decision, or `rejected` by the service after the time for it. `rolled_back`: cancelled by the person who asked. */
  awaiting_approval: ['pending', 'rejected', 'rolled_back'],
  /** By the first claim. A saga that was cancelled before it is claimed too, and then rolled back. */
  pending: ['running'],
  /** `rolled_back`: nothing had to be undone. `failed`: only after a pivot, or at a pivot that may have had its effect. */
  running: ['completed', 'compensating', 'rolled_back', 'failed'],
  compensating: ['rolled_back', 'compensation_failed'],
  completed: [],
  rolled_back: [],
  /** It has done nothing. */
  rejected: [],
  /** By an operator's retry. After a pivot a saga only continues forward. */
  failed: ['running'],
  /** By an operator's retry. */
  compensation_failed: ['compensating'],
} as const satisfies Readonly<Record<SagaStatus, readonly SagaStatus[]>>;

/** The allowed changes of a step's status. A checkpoint may also leave an open status unchanged. */
export const STEP_TRANSITIONS = {
  /** No ledger line yet. A cancel compensates a step that a dead worker may have begun, so its first line may be one of a compensation. */
  planned: ['running', 'waiting', 'completed', 'skipped', 'failed', 'compensating', 'compensated', 'compensation_failed'],
  running: ['waiting', 'completed', 'skipped', 'failed', 'compensating', 'compensated', 'compensation_failed'],
  waiting: ['running', 'completed', 'skipped', 'failed', 'compensating', 'compensated', 'compensation_failed'],
  completed: ['compensating', 'compensated', 'compensation_failed'],
  /** The step had nothing to do. Its compensation runs all the same, because an earlier try may have had an effect. */
  skipped: ['compensating', 'compensated', 'compensation_failed'],
  /** `running`: by an operator's retry. `completed` and `skipped`: by a person who gives the output, or goes on without the step. */
  failed: ['running', 'completed', 'skipped', 'compensating', 'compensated', 'compensation_failed'],
  compensating: ['compensated', 'compensation_failed'],
  compensated: [],
  /** By an operator's retry. */
  compensation_failed: ['compensating'],
} as const satisfies Readonly<Record<StepStatus | 'planned', readonly StepStatus[]>>;

const SAGA_STATUSES = Object.keys(SAGA_TRANSITIONS) as SagaStatus[];

/** No worker continues a saga in one of these statuses; it has no wake-up time. */
export const FINAL_STATUSES: readonly SagaStatus[] = ['completed', 'rolled_back', 'failed', 'compensation_failed', 'rejected'];

/** A saga in one of these statuses goes on by itself, or waits for approval; an operator may cancel it. */
export const OPEN_STATUSES = SAGA_STATUSES.filter((status) => !FINAL_STATUSES.includes(status));

/** The final statuses that can be left: an operator may retry such a saga, or release its holds. */
export type FailedStatus = 'failed' | 'compensation_failed';
export const FAILED_STATUSES = FINAL_STATUSES.filter(isFailed);

export function isFailed(status: SagaStatus): status is FailedStatus {
  return FINAL_STATUSES.includes(status) && SAGA_TRANSITIONS[status].length > 0;
}

/** The final statuses that are never left. Such a saga has no holds. */
export const CLOSED_STATUSES: readonly SagaStatus[] = SAGA_STATUSES.filter((status) => SAGA_TRANSITIONS[status].length === 0);

/** Statuses in which the execution or compensation of a step has not ended. */
const OPEN_STEP_STATUSES: readonly StepStatus[] = ['running', 'waiting', 'compensating'];

/** Throws when the engine would write a change of a saga's status that the table does not allow. */
export function assertSagaTransition(from: SagaStatus, to: SagaStatus): void {
  const allowed: readonly SagaStatus[] = SAGA_TRANSITIONS[from];
  const unchanged = from === to && !FINAL_STATUSES.includes(from);
  if (!unchanged && !allowed.includes(to)) throw new Error(`a saga that is ${from} cannot become ${to}`);
}

/** Throws when the engine would write a change of a step's status that the table does not allow. */
export function assertStepTransition(from: StepStatus | 'planned', to: StepStatus): void {
  const allowed: readonly StepStatus[] = STEP_TRANSITIONS[from];
  const unchanged = from === to && OPEN_STEP_STATUSES.includes(to);
  if (!unchanged && !allowed.includes(to)) throw new Error(`a step that is ${from} cannot become ${to}`);
}

/**
 * SQL: the saga of a row of `saga_runs` is open. `wake_at` alone does not say it: a saga that awaits approval has none. Each half is the
 * condition of an index.
 */
export const isOpen = (alias: string): string => `(${alias}.wake_at is not null or ${alias}.status = 'awaiting_approval')`;

/** Statuses as a list of SQL literals. */
export const quoted = (statuses: readonly SagaStatus[]): string => statuses.map((status) => `'${status}'`).join(', ');

/** The `wake_at` of a paused run: no worker claims it. A time that every release can read as a date. [OPV-2] */
export const PAUSED_UNTIL = '9999-12-31T00:00:00Z';
