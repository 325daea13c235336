/** What went wrong with a step, as the ledger stores it and the API returns it. Contains no secret and no stack. */
export interface StepError {
  /** Stable word. */
  readonly code: string;
  readonly detail: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Execute again after `ms`. A wait costs no try and occupies no worker. `why` begins with "waiting for". While the step waits, its
 * ledger line has `code`, if there is one, with `why` as the detail.
 */
export interface Wait {
  readonly is: 'wait';
  readonly ms: number;
  readonly why: string;
  readonly code?: string;
}

/** The result of one execution of a step. */
export type StepAnswer<Output = Fields> =
  /**
   * `holds`: resources that no other saga may touch from now on, e.g. the droplet that the step created. `skipped`: the step had nothing to
   * do, for this reason, which its ledger line keeps.
   */
  | { readonly is: 'done'; readonly output?: Output; readonly holds?: readonly string[]; readonly skipped?: string }
  | Wait
  /** Costs a try. `afterMs`: the pause that the refusing side asked for, used instead of the backoff. `effect`: as for `fail`, of all tries. */
  | { readonly is: 'retry'; readonly error: StepError; readonly afterMs?: number; readonly effect?: 'none' | 'unknown' }
  /** Final. `effect` matters for pivots only: a pivot that surely had no effect may still be compensated. */
  | { readonly is: 'fail'; readonly error: StepError; readonly effect?: 'none' | 'unknown' };

export const done = <Output = never>(output?: Output, holds?: readonly string[]): StepAnswer<Output> => ({
  is: 'done',
  ...(output && { output }),
  ...(holds && { holds }),
});

/** The answer of a step that had nothing to do. `why` is a clause without a full stop, e.g. "the droplet was off before". */
export const skipped = <Output>(why: string, output?: Output): StepAnswer<Output> => ({
  is: 'done',
  ...(output && { output }),
  skipped: why,
});

export const wait = (ms: number, why: string, code?: string): Wait => ({ is: 'wait', ms, why, ...(code !== undefined && { code }) });

export const retry = (error: StepError, afterMs?: number, effect?: 'none' | 'unknown'): StepAnswer<never> => ({
  is: 'retry',
  error,
  ...(afterMs !== undefined && { afterMs }),
  ...(effect && { effect }),
});

export const fail = (error: StepError, effect: 'none' | 'unknown' = 'unknown'): StepAnswer<never> => ({ is: 'fail', error, effect });
