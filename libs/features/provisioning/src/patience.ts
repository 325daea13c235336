import { ProviderError, TokenRejectedError } from '#libs/digitalocean';
import { AccountNotCheckedError } from '#libs/inventory';
import { isRetryable } from '#libs/kernel';
import { wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';

/** Between two looks at a provider that does not answer and does not say when it will. */
const OUTAGE_MS = 5_000;
const REJECTED_MS = 5_000;

/** An outage of the provider is nobody's try: a step whose read fails waits, within the bound of its waits, and looks again. */
export function patient<Input>(step: StepDefinition<Input>): StepDefinition<Input> {
  const calm = (work: (ctx: StepContext<Input>) => Promise<StepAnswer>) => async (ctx: StepContext<Input>) => {
    try {
      return await work(ctx);
    } catch (error) {
      if (error instanceof TokenRejectedError) return wait(error.retryAfterMs ?? REJECTED_MS, error.message); // until somebody has put a new one
      if (!(error instanceof ProviderError) || !isRetryable(error)) throw error;
      return wait(error.retryAfterMs ?? OUTAGE_MS, error.message, error instanceof AccountNotCheckedError ? error.code : undefined);
    }
  };
  const { name, mergesOutputIntoContext, pivot, policy, execute, compensate } = step;
  return {
    name,
    execute: calm(execute),
    ...(mergesOutputIntoContext && { mergesOutputIntoContext }),
    ...(pivot && { pivot }),
    ...(policy && { policy }),
    ...(compensate && { compensate: calm(compensate) }),
  };
}
