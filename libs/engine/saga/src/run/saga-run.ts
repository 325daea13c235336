import type { OutboundCall } from '#libs/observability';
import type { StepPolicy } from '../definition/saga-definition';
import type { StepError } from '../definition/step-answer';
import type { AttemptOutcome, SagaStatus, StepStatus } from '../saga.states';

type Fields = Readonly<Record<string, unknown>>;

/** One line of a run's ledger. Each step that has begun has one line. */
export interface LedgerLine {
  readonly step_idx: number;
  readonly status: StepStatus;
  readonly attempts: number;
  readonly compensation_attempts: number;
  readonly intent: Fields | null;
  readonly output: Fields | null;
  readonly error: StepError | null;
  /** Time since the step began, by the database's clock; ms. */
  readonly age_ms: number;
  /** Time since the step began, or since an operator's retry; ms. It limits the waits of the step. */
  readonly trying_ms: number;
  /** Time since the compensation of the step began; ms. */
  readonly compensating_ms: number | null;
}

/** A run as its worker has claimed it. */
export interface SagaRun {
  readonly id: string;
  readonly kind: string;
  readonly tenant_id: string | null;
  /** When the saga was accepted, ms since 1970 by the database's clock. */
  readonly created_ms: number;
  readonly input: Fields;
  readonly context: Fields;
  readonly steps: readonly string[];
  readonly status: SagaStatus;
  readonly step_idx: number;
  readonly pivot_passed: boolean;
  readonly cancel_requested: boolean;
  /** Limits of steps that an operator has set for this run. */
  readonly policy: Partial<StepPolicy> | null;
  /** Raised by each change that a person makes: tries are counted again after a retry. */
  readonly version: number;
  readonly epoch: string;
  /** An earlier claim may have begun the current step and died before its checkpoint. */
  readonly resumed: boolean;
  /** The database was restored from a backup while the saga was open. */
  readonly restored: boolean;
  /** Trace of the request that started the saga, if it was traced. */
  readonly traceparent: string | null;
  /** How long the run had been due when it was claimed, ms. */
  readonly late_ms: number;
  readonly ledger: readonly LedgerLine[];
}

/** The ledger line that a checkpoint writes. */
export interface CheckpointStep {
  readonly idx: number;
  readonly name: string;
  readonly status: StepStatus;
  readonly attempts: number;
  readonly compensationAttempts: number;
  readonly output: Fields | null;
  readonly error: StepError | null;
  /** Duration of the execution, ms. A new ledger line gets a begin time that lies this long in the past. */
  readonly tookMs: number;
  readonly attempt: Attempt;
}

/** The try that a checkpoint records. A try that waits is recorded again after each execution, as one try. */
export interface Attempt {
  /** The number of the try, from 1. */
  readonly nr: number;
  readonly undoing: boolean;
  readonly outcome: AttemptOutcome;
  /** Why it waits. */
  readonly why?: string;
}

/** The record that is written at a step boundary, in one transaction: the ledger line of the step, and where the run continues. */
export interface Checkpoint {
  readonly sagaId: string;
  readonly epoch: string;
  /** The version of the run at its claim. */
  readonly round: number;
  readonly step: CheckpointStep | null;
  readonly status: SagaStatus;
  /** Resources that the run acquires in addition to its present holds. */
  readonly holds: readonly string[];
  /** Fields that join the context. */
  readonly context: Fields | null;
  readonly nextIdx: number;
  readonly pivotPassed: boolean;
  /** The calls at the provider since the last checkpoint. */
  readonly calls: readonly OutboundCall[];
  /** Null: the worker continues at once and keeps the lease. */
  readonly wakeInMs: number | null;
  /** The pivot may have had its effect. A cancel waits until that is known. */
  readonly settling: boolean;
  readonly error: (StepError & { readonly step: string | null }) | null;
  readonly leftovers: readonly Leftover[];
}

/** A step that its compensation could not undo. */
export interface Leftover {
  readonly step: string;
  readonly output: Fields | null;
  readonly intent: Fields | null;
  readonly error: StepError;
}
