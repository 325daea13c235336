import type { Scope } from '#libs/identity';
import type { Type } from '@nestjs/common';
import type { StepAnswer } from './step-answer';

type Fields = Readonly<Record<string, unknown>>;

/** What the engine passes to a step. */
export interface StepContext<Input = Fields> {
  /** The full id of the saga. Everything that a step creates carries it unshortened. [SAG-7] */
  readonly sagaId: string;
  readonly tenantId: string | null;
  /** When the saga was accepted, by the database's clock. An older object is not the work of this saga. [SAG-6] */
  readonly createdAtMs: number;
  readonly input: Input;
  /** Outputs of the completed steps by step name. A step that occurs again in the plan has the key `<name>_<index>`. */
  readonly context: Fields;
  /** The database was restored from a backup while the saga was open: its ledger lacks what it did after the backup. */
  readonly restored: boolean;
  /** Index of the step in the plan. */
  readonly stepIdx: number;
  /** The intent that this step recorded last, in this claim or an earlier one; null when it has recorded none. */
  readonly intent: Fields | null;
  /** Time since the step began, across restarts, by the database's clock; ms. */
  readonly sinceBegunMs: number;
  /** Aborted when the time limit is over, the lease is lost or the process ends. */
  readonly signal: AbortSignal;
  /** Call before each side effect. Throws `LeaseLostError` when another worker may have claimed the run. [SAG-3] */
  readonly guard: () => Promise<void>;
  /** Stores durably what the step is about to do, and checks the lease like `guard`. */
  readonly recordIntent: (intent: Fields) => Promise<void>;
}

/** Limits of a step: how long it may take and how often it is tried. */
export interface StepPolicy {
  /** Time limit of one execution, ms. */
  readonly timeLimitMs: number;
  /** Executions that may end in `retry` before the step fails. */
  readonly tries: number;
  /** Pause before the second try, ms. It doubles for each further try up to `maxBackoffMs`, with full jitter. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Limit for all waits of the step together, ms. Restarts do not reset it. [SAG-13] */
  readonly waitLimitMs: number;
  /** `wait`: an error with `outage` makes the step wait within `waitLimitMs`. By default it costs a try, or fails the step. */
  readonly onOutage?: 'wait';
}

export const DEFAULT_POLICY: StepPolicy = { timeLimitMs: 60_000, tries: 5, backoffMs: 500, maxBackoffMs: 30_000, waitLimitMs: 600_000 };
/** A compensation is tried longer than an execution, because what it leaves at the provider costs money. */
export const COMPENSATION_POLICY: StepPolicy = { ...DEFAULT_POLICY, tries: 10, maxBackoffMs: 60_000, waitLimitMs: 1_800_000 };

export interface StepDefinition<Input = Fields> {
  readonly name: string;
  /** The fields of the output join the context directly, not under the name of the step. */
  readonly mergesOutputIntoContext?: true;
  /** After a completed pivot nothing is undone: the saga continues, or fails at its current step. */
  readonly pivot?: true;
  readonly policy?: Partial<StepPolicy>;
  readonly execute: (ctx: StepContext<Input>) => Promise<StepAnswer>;
  /**
   * Undoes what `execute` may have done, fully, partly or not at all. It may be called again. Its `context` contains the output of the
   * step, if there is one.
   */
  readonly compensate?: (ctx: StepContext<Input>) => Promise<StepAnswer>;
}

/** A start before it is accepted. */
export interface StartCommand<Input = Fields> {
  /** The owner of the resources that the saga may touch. */
  readonly scope: Scope;
  readonly input: Input;
}

/** A kind of saga. `Input` is what its steps receive, `Requested` what a start request contains. */
export interface SagaDefinition<Input = Fields, Requested = Input> {
  readonly kind: string;
  /** Class with validators for the input of a start. */
  readonly input: Type<object>;
  /** The steps of one run, in order. They are stored with the run. [SAG-16] */
  readonly plan: (input: Input) => readonly string[];
  readonly steps: readonly StepDefinition<Input>[];
  /** Resources that no other saga may touch until this one has ended, e.g. `droplet:<id>`. */
  readonly holds?: (input: Input) => readonly string[];
  /**
   * Checks a start before it is accepted and returns the input to store, with defaults and with data about the resources that the input
   * names. Refuses by throwing a `DomainError`. Calls no provider.
   */
  readonly prepare?: (command: StartCommand<Requested>) => Promise<Input>;
  /** Fields of the input that the API does not return, because people put secrets into them. */
  readonly redactedInputFields?: readonly string[];
  /** Only other parts of the product start it, never a request. */
  readonly internal?: true;
}
