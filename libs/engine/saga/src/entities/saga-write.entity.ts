import { Column, Entity, PrimaryColumn } from 'typeorm';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A write to an outside system that has no answer yet, or that was answered while an earlier one of the same object had none. Rows leave when
 * no write of the object can take effect late any more. [SAG-9]
 */
@Entity('saga_writes')
export class SagaWrite {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly sagaId: string;

  @Column('int')
  readonly stepIdx: number;

  /** The write of a compensation. */
  @Column('boolean')
  readonly compensating: boolean;

  /** The hold under which sagas write the object. */
  @Column('text')
  readonly target: string;

  /** The object within the target; empty where the target is one object. */
  @Column('text')
  readonly object: string;

  /** The values that the write sets, by field. */
  @Column('jsonb')
  readonly sets: Fields;

  /** The values before the write. */
  @Column('jsonb')
  readonly before: Fields;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly sentAt: Date;

  /** When it was known whether the write had happened. */
  @Column('timestamptz', { nullable: true })
  readonly answeredAt: Date | null;

  /** When the reaper dealt with its late effect. A write takes effect once. */
  @Column('timestamptz', { nullable: true })
  readonly handledAt: Date | null;
}
