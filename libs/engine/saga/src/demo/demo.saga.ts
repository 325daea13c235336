import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import type { SagaDefinition } from '../definition/saga-definition';
import { done, fail, wait } from '../definition/step-answer';

const STEPS = ['echo', 'wait', 'fail'] as const;
const DEFAULT_WAIT_MS = 1_000;
const NO_CALLS = { min: 0, typical: 0 };

/** The steps to run, in any order; a step may occur more than once. */
export class DemoInput {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsIn(STEPS, { each: true })
  readonly steps: (typeof STEPS)[number][];

  @IsOptional()
  @IsString()
  @MaxLength(200)
  readonly message?: string;

  /** How long each `wait` takes, ms. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(600_000)
  readonly wait_ms?: number;
}

/** Demonstrates a saga that does not touch the provider. It is not registered in production. */
export const demoSaga: SagaDefinition<DemoInput> = {
  kind: 'demo',
  input: DemoInput,
  plan: ({ steps }) => steps,
  foresee: async ({ input }) => ({
    facts: undefined,
    warnings: input.steps.includes('fail') ? [{ code: 'will_fail', detail: 'The step fail fails always, and everything is undone' }] : [],
  }),
  steps: [
    {
      name: 'echo',
      mergesOutputIntoContext: true,
      outline: () => ({ does: 'Writes the message into the context of the saga', undo: 'Does nothing', calls: NO_CALLS }),
      execute: async ({ input, stepIdx }) => done({ [`echoed_at_step_${stepIdx}`]: input.message ?? 'hello' }),
      compensate: async () => done(),
    },
    {
      name: 'wait',
      outline: ({ wait_ms = DEFAULT_WAIT_MS }) => ({ does: `Waits ${wait_ms} ms`, undo: 'Does nothing', calls: NO_CALLS }),
      execute: async ({ input, sinceBegunMs }) => {
        const leftMs = (input.wait_ms ?? DEFAULT_WAIT_MS) - sinceBegunMs;
        return leftMs > 0 ? wait(leftMs, 'waiting for the time to pass') : done({ waited_ms: Math.round(sinceBegunMs) });
      },
      compensate: async () => done(),
    },
    {
      name: 'fail',
      outline: () => ({ does: 'Fails, so that the steps before it are undone', calls: NO_CALLS }),
      execute: async () => fail({ code: 'step_failed', detail: 'step_failed:fail' }, 'none'),
    },
  ],
};
