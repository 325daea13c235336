import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The claim on the next tick of a schedule. `prepareQueueSchema` creates the table beside BullMQ's, also when the queues are in Redis. */
@Entity({ name: 'schedule_tick', schema: 'bullmq' })
export class ScheduleTick {
  /** The key of the schedule. */
  @PrimaryColumn('text')
  readonly key: string;

  /** The moment, by the database's clock, from which the next tick may be claimed. */
  @Column('timestamptz')
  readonly notBefore: Date;
}
