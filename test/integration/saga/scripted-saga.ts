import { done, fail, type SagaDefinition, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';

class AnyInput {}

/** A saga of scripted steps that records its calls in order. */
export class Script {
  readonly calls: string[] = [];
  readonly definition: SagaDefinition;

  constructor(
    kind: string,
    steps: readonly (Omit<StepDefinition, 'name' | 'execute'> & { name: string; execute?: StepDefinition['execute'] })[],
  ) {
    const noted = (what: string, work?: (ctx: StepContext) => Promise<StepAnswer>) => async (ctx: StepContext) => {
      this.calls.push(what);
      return work ? work(ctx) : done({ by: what });
    };
    this.definition = {
      kind,
      input: AnyInput,
      plan: () => steps.map(({ name }) => name),
      steps: steps.map((step) => ({
        policy: { backoffMs: 1, maxBackoffMs: 1 },
        ...step,
        execute: noted(`do ${step.name}`, step.execute),
        ...(step.compensate && { compensate: noted(`undo ${step.name}`, step.compensate) }),
      })),
      holds: (input) => (typeof input.holds === 'string' ? [input.holds] : []),
    };
  }
}

export const undone = async () => done();
export const refuse = async () => fail({ code: 'refused', detail: 'No.' }, 'none');
