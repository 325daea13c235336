import type { Scope } from '#libs/identity';
import type { Type } from '@nestjs/common';
import type { StepAnswer } from './step-answer';

type Fields = Readonly<Record<string, unknown>>;

/** What a step has in hand. */
export interface StepContext<Input = Fields> {
  /** The full id of the saga: what it makes carries this, never a shortened form (SAG-7). */
  readonly sagaId: string;
  readonly tenantId: string | null;
  /** When the saga was accepted, by the database's clock: what is older is not its work (SAG-6). */
  readonly createdAtMs: number;
  readonly input: Input;
  /** The outputs of the completed steps, each under its step's name; of a step that stands in the plan again under `<name>_<index>`. */
  readonly context: Fields;
  /** It was open when this database was restored from a backup: what it did after the backup is missing from its ledger. */
  readonly restored: boolean;
  /** Its place in the plan. */
  readonly stepIdx: number;
  /** What this step recorded last before a side effect, now or before a crash; null when it never did. */
  readonly intent: Fields | null;
  /** Since the step was begun, through restarts, by the database's clock; ms. */
  readonly sinceBegunMs: number;
  /** Aborted when the time limit is over, the lease is lost or the process ends. */
  readonly signal: AbortSignal;
  /** Before each side effect: throws `LeaseLostError` when another worker may be at it (SAG-3). */
  readonly guard: () => Promise<void>;
  /** Records what is about to be done, durably, and guards. */
  readonly recordIntent: (intent: Fields) => Promise<void>;
}

/** How patient the engine is with a step. */
export interface StepPolicy {
  /** Of one execution, ms. */
  readonly timeLimitMs: number;
  /** Executions that may end in `retry` before the step fails. */
  readonly tries: number;
  /** Pause before the second try, ms; doubles each time, with full jitter, up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** All waiting of the step together, ms; restarts do not start it over (SAG-13). */
  readonly waitLimitMs: number;
}

export const DEFAULT_POLICY: StepPolicy = { timeLimitMs: 60_000, tries: 5, backoffMs: 500, maxBackoffMs: 30_000, waitLimitMs: 600_000 };
/** Undoing gives up later than doing: what is left behind costs money. */
export const COMPENSATION_POLICY: StepPolicy = { ...DEFAULT_POLICY, tries: 10, maxBackoffMs: 60_000, waitLimitMs: 1_800_000 };

export interface StepDefinition<Input = Fields> {
  readonly name: string;
  /** Its output joins the context as it is, not under the step's name. */
  readonly mergesOutputIntoContext?: true;
  /** After a completed pivot nothing is undone any more: the saga goes on, or fails where it stands. */
  readonly pivot?: true;
  readonly policy?: Partial<StepPolicy>;
  readonly execute: (ctx: StepContext<Input>) => Promise<StepAnswer>;
  /** Undoes whatever `execute` may have done, also half of it or nothing; may be called again. Its own `context` has the step's output, if any. */
  readonly compensate?: (ctx: StepContext<Input>) => Promise<StepAnswer>;
}

/** A start as it is judged before it is accepted. */
export interface StartCommand<Input = Fields> {
  /** Whose resources it may touch. */
  readonly scope: Scope;
  readonly input: Input;
}

/** A kind of saga. `Input` is what its steps get, `Asked` what a request says. */
export interface SagaDefinition<Input = Fields, Asked = Input> {
  readonly kind: string;
  /** Class with validators: what a start must say. */
  readonly input: Type<object>;
  /** The steps of one run, in order; stored with it (SAG-16). */
  readonly plan: (input: Input) => readonly string[];
  readonly steps: readonly StepDefinition<Input>[];
  /** What no other saga may touch meanwhile, e.g. `droplet:<id>`. */
  readonly holds?: (input: Input) => readonly string[];
  /**
   * Judges a start before it is accepted, and answers the input that is stored: with defaults filled in, and what was found out about the
   * things it names. Refuses by throwing a `DomainError`. Calls no provider.
   */
  readonly prepare?: (proposal: StartCommand<Asked>) => Promise<Input>;
  /** Fields of the input that nobody is shown, because people put secrets there. */
  readonly redactedInputFields?: readonly string[];
  /** Only other parts of the product start it, never a request. */
  readonly internal?: true;
}
