import type { DomainError } from '#libs/kernel';
import type { Fields, StepAnswer, StepError, Wait } from './step-answer';

/** The effect has begun and has not ended: its lag has not begun, and its state proves nothing. */
export interface UnderWay {
  readonly is: 'under_way';
  readonly why: string;
}

/** For `find`. `why` begins with "waiting for". */
export const underWay = (why: string): UnderWay => ({ is: 'under_way', why });

/**
 * The names of the fields in which the engine keeps the progress of an effect in the step's intent. Stored intents pass between releases,
 * so these names never change. [SAG-16]
 */
export interface EffectFields<Field extends string> {
  /** When the write was sent, or its effect was last seen under way; ms since the step began. Recorded again after an unknown outcome. */
  readonly sentAtMs?: Field;
  /** When a write had an unknown outcome; ms since the step began. For effects that need no time of each send. */
  readonly unansweredAtMs?: Field;
  /** The number of sends, from 1. A refused send does not count. */
  readonly sends?: Field;
  /** True after a refused send: the write certainly did not happen. A refused repetition of a send with an unknown outcome does not prove that. */
  readonly ruledOut?: Field;
}

/**
 * One write of an effect: the values that it sets in an object at the outside system. While it has no answer it may take effect late, also
 * after its saga has ended, and is watched. [SAG-9]
 */
export interface TrackedWrite {
  /** The hold under which sagas write the object, e.g. `droplet:<id>`. */
  readonly target: string;
  /** The object within the target, e.g. the id of a record; empty where the target is one object. */
  readonly object: string;
  /** The values that the write sets, by field, in a form in which equal values are equal. */
  readonly sets: Fields;
  /** The values of these fields before the write, and others that an undo needs. */
  readonly before: Fields;
}

/**
 * One effect at an outside system, as `ctx.effect` causes it. Every function may run again after a crash. A function that throws an error
 * with `outage` makes the step wait where its policy allows that.
 */
export interface Effect<Intent, Response, Output> {
  /**
   * Looks for the effect of an earlier send. Its answer ends the execution; undefined means that the effect is not there. Runs before each
   * send, except before the first one of an intent, when no send can have been made.
   */
  find(this: void): Promise<StepAnswer<Output> | UnderWay | undefined>;
  /**
   * For an effect that may be there although no send is recorded, so that `find` also runs before the first send. `visible`: others cause
   * it too, and it is there or not. `late`: an unrecorded send, e.g. before a restore, may take effect until the lag bound has passed.
   */
  readonly unrecorded?: 'visible' | 'late';
  /** What the intent contains besides `fields`. Without it, nothing is recorded, and only the lease is checked before the send. */
  readonly intent?: Partial<Intent>;
  readonly fields?: EffectFields<keyof Intent & string>;
  /** What `send` changes, called before it. A create needs none where its effect carries the id of the saga. */
  writes?(this: void): readonly TrackedWrite[];
  /** How long the effect of a send may stay invisible, ms. No further send before that. */
  readonly lagMs?: number;
  /** Further sends than this number, each with an unknown outcome before it, fail the step with `error`. */
  readonly sendLimit?: { readonly sends: number; readonly error: StepError };
  /** Called right before a send. The step ends with this answer in its place. */
  instead?(this: void): StepAnswer<Output> | undefined | Promise<StepAnswer<Output> | undefined>;
  /**
   * Sends the write, once. Errors without `writeFailure` pass through. A `send` of several writes calls `ctx.guard` before each, and is
   * repeated as a whole.
   */
  send(this: void): Promise<Response>;
  /** The answer while the effect is not visible, also after the lag bound was shorter than this wait. */
  readonly pending: Wait;
  /** The answer right after an unknown outcome, where it differs from `pending`. */
  readonly unanswered?: Wait;
  /** The answer to a response. Without it the step waits until `find` has found the effect. */
  answered?(this: void, response: Response, intent: Intent): StepAnswer<Output> | Promise<StepAnswer<Output>>;
  /** The answer to a refused or postponed write, where it differs from failing or waiting. */
  refused?(this: void, error: DomainError): StepAnswer<Output> | undefined | Promise<StepAnswer<Output> | undefined>;
}
