import { Injectable } from '@nestjs/common';
import { UnknownSagaKindError } from '../saga.error';
import type { SagaDefinition, StepDefinition } from './saga-definition';

/** The kinds of sagas that this process knows. Features register theirs when their module starts. */
@Injectable()
export class SagaRegistry {
  private readonly definitions = new Map<string, SagaDefinition>();

  /** Throws when two kinds have one name, or two steps of a kind. */
  register<Input, Asked>(definition: SagaDefinition<Input, Asked>): void {
    const { kind, steps } = definition;
    if (this.definitions.has(kind)) throw new Error(`two sagas are called ${kind}`);
    if (new Set(steps.map(({ name }) => name)).size !== steps.length) throw new Error(`two steps of ${kind} have one name`);
    this.definitions.set(kind, definition as unknown as SagaDefinition);
  }

  /** Throws `UnknownSagaKindError`. */
  get(kind: string): SagaDefinition {
    const found = this.definitions.get(kind);
    if (!found) throw new UnknownSagaKindError(kind);
    return found;
  }

  /** Fields of a kind's input that nobody is shown. */
  unshown(kind: string): readonly string[] {
    return this.definitions.get(kind)?.redactedInputFields ?? [];
  }

  /** Undefined for what only another release knows. */
  step(kind: string, name: string): StepDefinition | undefined {
    return this.definitions.get(kind)?.steps.find((step) => step.name === name);
  }

  /** `<kind>/<step>` of every step: a worker claims only runs all of whose steps it knows (SAG-16). */
  known(): { kinds: string[]; steps: string[] } {
    const all = [...this.definitions.values()];
    return { kinds: all.map(({ kind }) => kind), steps: all.flatMap(({ kind, steps }) => steps.map(({ name }) => `${kind}/${name}`)) };
  }
}
