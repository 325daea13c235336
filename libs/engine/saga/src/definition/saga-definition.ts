import type { Scope } from '#libs/identity';
import type { FieldError } from '#libs/kernel';
import type { Type } from '@nestjs/common';
import type { Effect } from './effect';
import type { Forecast, SkippedOutline, StepOutline } from './plan';
import type { Fields, StepAnswer } from './step-answer';

/** Refers to a step by its stored name. `output` is never set: it carries the type of the step's output. */
export interface StepKey<Output> {
  readonly name: string;
  readonly output?: Output;
}

/** What the engine passes to a step. `Intent` and `Output` are what the step records and returns. */
export interface StepContext<Input = Fields, Intent = Fields, Output = Fields> {
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
  readonly intent: Intent | null;
  /** The output of this step, for its compensation; undefined when the step did not complete. */
  readonly output: Output | undefined;
  /** Time since the step began, across restarts, by the database's clock; ms. */
  readonly sinceBegunMs: number;
  /** Aborted when the time limit is over, the lease is lost or the process ends. */
  readonly signal: AbortSignal;
  /** The output of an earlier step. Throws where that step has none; `findOutputOf` returns undefined then. */
  outputOf<Other>(this: void, step: StepKey<Other>): Other;
  findOutputOf<Other>(this: void, step: StepKey<Other>): Other | undefined;
  /** Call before each side effect. Throws `LeaseLostError` when another worker may have claimed the run. [SAG-3] */
  guard(this: void): Promise<void>;
  /** Stores durably what the step is about to do, and checks the lease like `guard`. */
  recordIntent(this: void, intent: Intent): Promise<void>;
  /**
   * Causes one effect at an outside system, at most once: searches for it first, records the intent, checks the lease and sends the write.
   * `what` names the effect in traces, e.g. `create droplet`. [SAG-5, SAG-19]
   */
  effect<Response>(this: void, what: string, effect: Effect<Intent, Response, Output>): Promise<StepAnswer<Output>>;
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

/** `Intent` and `Output` are type aliases, not interfaces: both are stored as JSON objects. */
export interface StepDefinition<Input = Fields, Intent = Fields, Output = Fields> {
  readonly name: string;
  /** The fields of the output join the context directly, not under the name of the step. */
  readonly mergesOutputIntoContext?: true;
  /** After a completed pivot nothing is undone: the saga continues, or fails at its current step. */
  readonly pivot?: true;
  /**
   * An operator may skip the step when it does not succeed. `with_output`: later steps use its output, so a skip has to give one. A pivot is
   * never skippable. [OPV-3]
   */
  readonly skippable?: 'freely' | 'with_output';
  /** Class with validators for an output that a person gives in place of the step. */
  readonly outputSchema?: Type<object>;
  readonly policy?: Partial<StepPolicy>;
  /**
   * Describes the step to a person before the saga begins, or gives the reason why it will have nothing to do. Pure: the facts are those of the
   * definition's `foresee`. [TNT-4]
   */
  outline?(this: void, input: Input, facts: never): StepOutline | SkippedOutline;
  execute(this: void, ctx: StepContext<Input, Intent, Output>): Promise<StepAnswer<Output>>;
  /**
   * Undoes what `execute` may have done, fully, partly or not at all. It may be called again. It sees the intent and the output of the
   * step, if there are any.
   */
  compensate?(this: void, ctx: StepContext<Input, Intent, Output>): Promise<StepAnswer<Output>>;
  /**
   * Checks at the outside system whether an output that a person gives is the effect of this step. Returns `done` with the output and the holds
   * of the step, or `fail` with what contradicts it. A step with an unknown outcome can be completed by hand when it has this check and an
   * `outputSchema`. It writes nothing. [OPV-3]
   */
  checkOutput?(this: void, ctx: OutputCheck<Input, Intent>, output: Output): Promise<StepAnswer<Output>>;
}

/** What a step knows when it checks an output that a person gives. */
export type OutputCheck<Input = Fields, Intent = Fields> = Pick<
  StepContext<Input, Intent>,
  'sagaId' | 'tenantId' | 'createdAtMs' | 'input' | 'context' | 'intent' | 'signal'
>;

/** A step of a saga with this input, whatever it records and returns. */
export type AnyStep<Input = Fields> = Omit<StepDefinition<Input, never, never>, 'execute' | 'compensate' | 'checkOutput'> & {
  checkOutput?(this: void, ctx: OutputCheck<Input, never>, output: never): Promise<StepAnswer>;
  execute(this: void, ctx: AnyContext<Input>): Promise<StepAnswer>;
  compensate?(this: void, ctx: AnyContext<Input>): Promise<StepAnswer>;
};
type AnyContext<Input> = Omit<StepContext<Input, never, never>, 'effect'> & {
  effect(this: void, what: string, effect: never): Promise<StepAnswer<never>>;
};

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
  readonly steps: readonly AnyStep<Input>[];
  /** Resources that no other saga may touch until this one has ended, e.g. `droplet:<id>`. */
  readonly holds?: (input: Input) => readonly string[];
  /**
   * Ids of the resources that the saga destroys or overwrites. A start on a protected one is refused, and the step that does it asks again.
   * A saga that only undoes what it has created itself names none.
   */
  readonly destroys?: (input: Input) => readonly string[];
  /**
   * Checks a start before it is accepted and returns the input to store, with defaults and with data about the resources that the input
   * names. Refuses by throwing a `DomainError`. Calls no provider.
   */
  readonly prepare?: (command: StartCommand<Requested>) => Promise<Input>;
  /**
   * Describes what a prepared start would do, for its plan and for the judgement of the start. It writes nothing, here or at the provider. A
   * refusal by the present state is thrown or returned. [TNT-4]
   */
  readonly foresee?: (command: StartCommand<Input>) => Promise<Forecast>;
  /** The part of a prepared input that the hash of a plan covers, where the input also has values that the steps do not use. */
  readonly hashedInput?: (input: Input) => object;
  /** The tenant that owns what the saga works on, or null. It sees the saga, also when an admin started it. */
  readonly ownerOf?: (input: Input) => Promise<string | null>;
  /**
   * Problems of single fields that stored data can find in an input which is wrong elsewhere, so that the caller learns of all at once. The
   * fields are those that are valid by themselves. Calls no provider.
   */
  readonly findProblems?: (fields: Readonly<Record<string, unknown>>) => Promise<readonly FieldError[]>;
  /** Fields of the input that the API does not return, because people put secrets into them. */
  readonly redactedInputFields?: readonly string[];
  /** Only other parts of the product start it, never a request. */
  readonly internal?: true;
}
