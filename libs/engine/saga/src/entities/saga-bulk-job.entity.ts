import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One verb for many sagas. Its items are frozen when it is created. */
@Entity('saga_bulk_jobs')
export class SagaBulkJob {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly verb: string;

  /** The filter that selected the sagas; null where ids were given. */
  @Column('jsonb', { nullable: true })
  readonly filter: Readonly<Record<string, unknown>> | null;

  @Column('text')
  readonly reason: string;

  @Column('int')
  readonly ratePerMinute: number;

  /** The number of sagas. */
  @Column('int')
  readonly total: number;

  @Column('text')
  readonly createdBy: string;

  @Column('text')
  readonly createdByRole: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  /** The request that created the job. */
  @Column('text', { nullable: true })
  readonly requestId: string | null;

  /** When its next saga is due, by the rate. */
  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly nextAt: Date;

  /** One worker at a time handles the job. */
  @Column('timestamptz', { nullable: true })
  readonly leaseUntil: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly stoppedAt: Date | null;

  @Column('text', { nullable: true })
  readonly stoppedBy: string | null;

  /** When the last saga was handled, or the job was stopped. */
  @Column('timestamptz', { nullable: true })
  readonly finishedAt: Date | null;
}

/** A saga of a bulk job, with the result of its verb. */
@Entity('saga_bulk_items')
export class SagaBulkItem {
  @PrimaryColumn('uuid')
  readonly jobId: string;

  @PrimaryColumn('int')
  readonly nr: number;

  @Column('uuid')
  readonly sagaId: string;

  /** Null until it was handled. */
  @Column('text', { nullable: true })
  readonly result: 'done' | 'refused' | null;

  /** The code of the refusal. */
  @Column('text', { nullable: true })
  readonly code: string | null;

  @Column('text', { nullable: true })
  readonly detail: string | null;

  @Column('timestamptz', { nullable: true })
  readonly at: Date | null;

  /** When it is tried again after a refusal that may pass; its code and detail are those of that refusal until then. */
  @Column('timestamptz', { nullable: true })
  readonly notBefore: Date | null;
}
