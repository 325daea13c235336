import type { StepError } from '../definition/step-answer';

export type RunStatus = 'pending' | 'running' | 'compensating' | 'completed' | 'rolled_back' | 'failed' | 'compensation_failed';

export type LedgerStatus = 'running' | 'waiting' | 'completed' | 'failed' | 'compensating' | 'compensated' | 'compensation_failed';

export const FINAL: readonly RunStatus[] = ['completed', 'rolled_back', 'failed', 'compensation_failed'];

/** The ledger line that a boundary writes. */
export type WrittenLine = NonNullable<Checkpoint['step']>;

/** One line of a run's ledger: one per step that was begun. */
export interface LedgerLine {
  readonly step_idx: number;
  readonly status: LedgerStatus;
  readonly attempts: number;
  readonly compensation_attempts: number;
  readonly intent: Readonly<Record<string, unknown>> | null;
  readonly output: Readonly<Record<string, unknown>> | null;
  readonly error: StepError | null;
  /** Since the step was begun, or its compensation, by the database's clock; ms. */
  readonly age_ms: number;
  /** Since it was begun, or an operator let it begin anew: what bounds its waits; ms. */
  readonly trying_ms: number;
  readonly compensating_ms: number | null;
}

/** A run as its worker has it in hand. */
export interface SagaRun {
  readonly id: string;
  readonly kind: string;
  readonly tenant_id: string | null;
  /** When it was accepted, ms since 1970 by the database's clock. */
  readonly created_ms: number;
  readonly input: Readonly<Record<string, unknown>>;
  readonly context: Readonly<Record<string, unknown>>;
  readonly steps: readonly string[];
  readonly status: RunStatus;
  readonly step_idx: number;
  readonly pivot_passed: boolean;
  readonly cancel_requested: boolean;
  readonly epoch: string;
  /** Another claim may have begun the step it stands at, and died before it could tell. */
  readonly resumed: boolean;
  /** The database was restored from a backup while it went on. */
  readonly restored: boolean;
  /** The trace of the request that started it, where there was one. */
  readonly traceparent: string | null;
  /** How long it had been due when it was claimed, ms. */
  readonly late_ms: number;
  readonly ledger: readonly LedgerLine[];
}

/** What one transaction writes of a run: the ledger line of a step and where the run goes from there. */
export interface Checkpoint {
  readonly sagaId: string;
  readonly epoch: string;
  readonly step: {
    readonly idx: number;
    readonly name: string;
    readonly status: LedgerStatus;
    readonly attempts: number;
    readonly compensationAttempts: number;
    readonly output: Readonly<Record<string, unknown>> | null;
    readonly error: StepError | null;
    /** How long the execution took, ms: a line that is new began so long ago. */
    readonly tookMs: number;
  } | null;
  readonly status: RunStatus;
  /** What this run holds from now on, besides what it held before. */
  readonly holds: readonly string[];
  /** What joins the context. */
  readonly context: Readonly<Record<string, unknown>> | null;
  readonly nextIdx: number;
  readonly pivotPassed: boolean;
  /** Null: the worker goes on at once and keeps the lease. */
  readonly wakeInMs: number | null;
  /** It may have done what cannot be undone: a cancel waits until that is known. */
  readonly settling: boolean;
  readonly error: (StepError & { readonly step: string | null }) | null;
  readonly leftovers: readonly Leftover[];
}

/** What a compensation could not undo. */
export interface Leftover {
  readonly step: string;
  readonly output: Readonly<Record<string, unknown>> | null;
  readonly intent: Readonly<Record<string, unknown>> | null;
  readonly error: StepError;
}
