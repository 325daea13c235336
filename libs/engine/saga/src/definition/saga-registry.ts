import { Injectable } from '@nestjs/common';
import { UnknownSagaKindError } from '../saga.errors';
import type { SagaDefinition, StepDefinition } from './saga-definition';

/** The saga kinds that this process knows. Features register theirs when their module starts. */
@Injectable()
export class SagaRegistry {
  private readonly definitions = new Map<string, SagaDefinition>();

  /** Throws when two kinds, or two steps of one kind, have the same name, and for a pivot that could be skipped. */
  register<Input, Requested>(definition: SagaDefinition<Input, Requested>): void {
    const { kind, steps } = definition;
    if (this.definitions.has(kind)) throw new Error(`two sagas are called ${kind}`);
    if (new Set(steps.map(({ name }) => name)).size !== steps.length) throw new Error(`two steps of ${kind} have one name`);
    const skipped = steps.find(({ pivot, skippable }) => pivot && skippable);
    if (skipped) throw new Error(`the pivot ${skipped.name} of ${kind} must not be skippable`);
    this.definitions.set(kind, definition as unknown as SagaDefinition);
  }

  /** Throws `UnknownSagaKindError`. */
  get(kind: string): SagaDefinition {
    const definition = this.definitions.get(kind);
    if (!definition) throw new UnknownSagaKindError(kind, this.startable());
    return definition;
  }

  /** The kinds that a request can start. */
  startable(): string[] {
    const all = [...this.definitions.values()];
    return all.flatMap(({ kind, internal }) => (internal ? [] : [kind])).sort();
  }

  /** True for a kind that no request can start, and for one that this process does not know. */
  isInternal(kind: string): boolean {
    return this.definitions.get(kind)?.internal ?? !this.definitions.has(kind);
  }

  /** Fields of a kind's input that the API does not return. */
  redactedInputFields(kind: string): readonly string[] {
    return this.definitions.get(kind)?.redactedInputFields ?? [];
  }

  /** Undefined for a kind or step that only another release knows. */
  step(kind: string, name: string): StepDefinition | undefined {
    return this.definitions.get(kind)?.steps.find((step) => step.name === name);
  }

  /** All kinds, and all steps as `<kind>/<step>`. A worker claims only runs of which it knows every step. [SAG-16] */
  known(): { kinds: string[]; steps: string[] } {
    const all = [...this.definitions.values()];
    return { kinds: all.map(({ kind }) => kind), steps: all.flatMap(({ kind, steps }) => steps.map(({ name }) => `${kind}/${name}`)) };
  }
}
