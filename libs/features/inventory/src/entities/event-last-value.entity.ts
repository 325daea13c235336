import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** The values of a resource at the end of an archived month in which it changed. Only `archiveEvents` writes it. [INV-14] */
@Entity('cloud_event_last_values')
export class EventLastValue {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly seq: string;

  /** The first day of the month (UTC). */
  @Column('date')
  readonly month: string;

  @Column('uuid')
  readonly resourceId: string;

  @Column('jsonb')
  readonly lastValues: Record<string, unknown>;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly at: Date;
}
