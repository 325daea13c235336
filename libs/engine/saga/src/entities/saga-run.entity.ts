import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';
import type { StoredPlan } from '../definition/plan';
import type { StepPolicy } from '../definition/saga-definition';
import type { StepError } from '../definition/step-answer';
import type { Leftover } from '../run/saga-run';
import type { SagaStatus } from '../saga.states';

type Fields = Readonly<Record<string, unknown>>;

/** A saga: its plan, how far it is, and which worker has it. Every write of a worker is fenced by `epoch`, which each claim raises. */
@Entity('saga_runs')
export class SagaRun {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly kind: string;

  /** Owner of the saga; null means the platform. */
  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  /** The platform started the saga on a resource of the tenant. The tenant sees it, and cannot cancel or retry it. */
  @Column('boolean', { default: false })
  readonly byPlatform: boolean;

  /** The reason that was given for the start. */
  @Column('text', { nullable: true })
  readonly reason: string | null;

  @Column('jsonb')
  readonly input: Fields;

  /** `resource_id` of the input, which the database copies: row security keeps an index on JSON from lists. */
  @Column('text', { nullable: true })
  readonly resourceId: string | null;

  /** Outputs of the completed steps. */
  @Column('jsonb', { default: {} })
  readonly context: Fields;

  /** Names of the planned steps. */
  @Column('text', { array: true })
  readonly steps: readonly string[];

  /** What the start was judged to do, with the prices of that time; null for a start of an earlier release. [TNT-4] */
  @Column('jsonb', { nullable: true })
  readonly plan: StoredPlan | null;

  @Column('text', { default: 'pending' })
  readonly status: SagaStatus;

  /** Index of the current step in `steps`. */
  @Column('int', { default: 0 })
  readonly stepIdx: number;

  /** From the pivot on, nothing is undone. */
  @Column('boolean', { default: false })
  readonly pivotPassed: boolean;

  @Column('boolean', { default: false })
  readonly cancelRequested: boolean;

  /** Resources on which an operator has released the holds of the failed saga. */
  @Column('text', { array: true, default: [] })
  readonly releasedHolds: readonly string[];

  /** Why the saga failed. The step is null when the saga was cancelled. */
  @Column('jsonb', { nullable: true })
  readonly error: (StepError & { readonly step: string | null }) | null;

  @Column('jsonb', { default: [] })
  readonly leftovers: readonly Leftover[];

  /** Who started the saga. */
  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  /** Null while the saga is open. */
  @Column('timestamptz', { nullable: true })
  readonly finishedAt: Date | null;

  /** Raised by each change that a person makes to the saga. */
  @Column('int', { default: 0 })
  readonly version: number;

  /** Set while the saga is paused. A saga that ends is not paused any more. */
  @Column('timestamptz', { nullable: true })
  readonly pausedAt: Date | null;

  @Column('text', { nullable: true })
  readonly pausedBy: string | null;

  @Column('text', { nullable: true })
  readonly pauseReason: string | null;

  /** Limits of steps that an operator has set for this run. */
  @Column('jsonb', { nullable: true })
  readonly policy: Partial<StepPolicy> | null;

  /** The rolled back saga that this one repeats. */
  @Column('uuid', { nullable: true })
  readonly redrivenFrom: string | null;

  /** When the saga is due, in the year 9999 while it is paused; null exactly when it has a final status or awaits approval. */
  @Column('timestamptz', { nullable: true, default: () => 'clock_timestamp()' })
  readonly wakeAt: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly leaseUntil: Date | null;

  /** Host, process and id of the worker that claimed the run last. It informs people only. */
  @Column('text', { nullable: true })
  readonly leaseOwner: string | null;

  @Column('bigint', { default: 0 })
  readonly epoch: string;

  /** Trace of the request that started the saga, if it was traced. */
  @Column('text', { nullable: true })
  readonly traceparent: string | null;

  /** When this database was restored from a backup while the saga was open, or shortly after it ended. */
  @Column('timestamptz', { nullable: true })
  readonly restoredAt: Date | null;

  /** A worker has a valid lease, by the database's clock. */
  @VirtualColumn({ type: 'boolean', query: (alias) => `coalesce(${alias}.lease_until > clock_timestamp(), false)` })
  readonly leased: boolean;

  /** Time since the saga ended, by the database's clock; null while it is open. */
  @VirtualColumn({ type: 'float8', query: (alias) => `extract(epoch from clock_timestamp() - ${alias}.finished_at)::float8 * 1000` })
  readonly endedMsAgo: number | null;
}
