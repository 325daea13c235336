import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A month (UTC) with archived events. Only `archiveEvents` writes it; the rows are append-only. [INV-14] */
@Entity('cloud_event_months')
export class EventMonth {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly seq: string;

  /** Its first day. */
  @Column('date')
  readonly month: string;

  /** The end of the month: events before this time are archived. */
  @Column('timestamptz')
  readonly before: Date;

  /** How many events were archived. */
  @Column('bigint')
  readonly events: string;

  /** How many resources have stored last values. */
  @Column('int')
  readonly resources: number;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly at: Date;

  @Column('text', { default: () => 'SESSION_USER' })
  readonly byWhom: string;
}
