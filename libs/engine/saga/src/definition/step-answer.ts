/** What went wrong with a step, as the ledger keeps it and people read it. Never a secret, never a stack. */
export interface StepError {
  /** Stable word. */
  readonly code: string;
  readonly detail: string;
}

/** What one execution of a step came to. */
export type StepAnswer =
  /** `holds`: what nobody else may touch from now on, e.g. the droplet that was just made. */
  | { readonly is: 'done'; readonly output?: Readonly<Record<string, unknown>>; readonly holds?: readonly string[] }
  /** Not yet: look again after `ms`. Costs no try; holds no worker meanwhile. The ledger shows `code`, if given, while it waits. */
  | { readonly is: 'wait'; readonly ms: number; readonly why: string; readonly code?: string }
  /** Costs a try. `afterMs`: when the one who refused said so, instead of the backoff. */
  | { readonly is: 'retry'; readonly error: StepError; readonly afterMs?: number }
  /** Final. `effect` counts for pivots only: a pivot that surely did nothing may still be compensated. */
  | { readonly is: 'fail'; readonly error: StepError; readonly effect?: 'none' | 'unknown' };

export const done = (output?: Readonly<Record<string, unknown>>, holds?: readonly string[]): StepAnswer => ({
  is: 'done',
  ...(output && { output }),
  ...(holds && { holds }),
});

export const wait = (ms: number, why: string, code?: string): StepAnswer => ({ is: 'wait', ms, why, ...(code !== undefined && { code }) });

export const retry = (error: StepError, afterMs?: number): StepAnswer => ({
  is: 'retry',
  error,
  ...(afterMs !== undefined && { afterMs }),
});

export const fail = (error: StepError, effect: 'none' | 'unknown' = 'unknown'): StepAnswer => ({ is: 'fail', error, effect });
