import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StepError } from '../definition/step-answer';
import type { AttemptOutcome } from '../saga.states';

/** One reason for which a try has waited: since when, until when at the latest execution, and how many executions. */
export interface AttemptWait {
  readonly why: string;
  readonly since: string;
  readonly until: string;
  readonly executions: number;
}

/** One try of a step or of its compensation, with its waits. Checkpoints write it in their statement. */
@Entity('saga_attempts')
export class SagaAttempt {
  @PrimaryColumn('uuid')
  readonly sagaId: string;

  @PrimaryColumn('int')
  readonly stepIdx: number;

  @PrimaryColumn('boolean')
  readonly compensating: boolean;

  /** The version of the run: a person's retry begins a new count of tries. */
  @PrimaryColumn('int')
  readonly round: number;

  /** The number of the try, from 1. */
  @PrimaryColumn('int')
  readonly nr: number;

  @Column('timestamptz')
  readonly startedAt: Date;

  /** The end of the latest execution. A try that waits has several. */
  @Column('timestamptz')
  readonly endedAt: Date;

  @Column('text')
  readonly outcome: AttemptOutcome;

  @Column('jsonb', { nullable: true })
  readonly error: StepError | null;

  @Column('jsonb', { nullable: true })
  readonly waits: readonly AttemptWait[] | null;

  /** Host, process and id of the worker; null when a person ended the try. */
  @Column('text', { nullable: true })
  readonly worker: string | null;

  @Column('bigint')
  readonly epoch: string;
}

/** One call of a step at the provider, without bodies. Kept for 30 days. */
@Entity('saga_provider_calls')
export class SagaProviderCall {
  @PrimaryColumn('bigint', { generated: 'increment', generatedIdentity: 'ALWAYS' })
  readonly id: string;

  @Column('uuid')
  readonly sagaId: string;

  @Column('int')
  readonly stepIdx: number;

  @Column('boolean')
  readonly compensating: boolean;

  @Column('timestamptz')
  readonly at: Date;

  @Column('text')
  readonly method: string;

  @Column('text')
  readonly path: string;

  /** Null when there was no answer. */
  @Column('int', { nullable: true })
  readonly status: number | null;

  /** From sending to the last byte. */
  @Column('int')
  readonly ms: number;

  /** The provider's id of the request. */
  @Column('text', { nullable: true })
  readonly requestId: string | null;
}
