import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StepError } from '../definition/step-answer';
import type { StepStatus } from '../saga.states';

type Fields = Readonly<Record<string, unknown>>;

/** One line of the ledger of a saga. Each step that has begun has exactly one. [SAG-4] */
@Entity('saga_steps')
export class SagaStep {
  @PrimaryColumn('uuid')
  readonly sagaId: string;

  @PrimaryColumn('int')
  readonly stepIdx: number;

  @Column('text')
  readonly name: string;

  @Column('text')
  readonly status: StepStatus;

  @Column('int', { default: 0 })
  readonly attempts: number;

  @Column('int', { default: 0 })
  readonly compensationAttempts: number;

  /** The intent that the step recorded last before a side effect. [SAG-9] */
  @Column('jsonb', { nullable: true })
  readonly intent: Fields | null;

  @Column('jsonb', { nullable: true })
  readonly output: Fields | null;

  /** Why the step failed or waits. */
  @Column('jsonb', { nullable: true })
  readonly error: StepError | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly startedAt: Date;

  /** The start, or the last retry by an operator. The limit of the waits counts from here. */
  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly triedSince: Date;

  /** The start of the compensation, or its last retry by an operator. */
  @Column('timestamptz', { nullable: true })
  readonly compensatingSince: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly finishedAt: Date | null;
}
