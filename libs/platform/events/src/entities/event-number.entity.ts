import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The place of an event in the feed, with the fields that readers filter by. Only the sequencer writes it. [EVT-1] */
@Entity('event_numbers')
export class EventNumber {
  /** Decimal text. Without gaps, in the order in which the sequencer saw the commits. */
  @PrimaryColumn('bigint')
  readonly sequence: string;

  /** The name of the `EventSource` that has the row of the event. */
  @Column('text')
  readonly source: string;

  /** The number of the row in its table. */
  @Column('bigint')
  readonly eventId: string;

  @Column('timestamptz')
  readonly at: Date;

  @Column('text')
  readonly type: string;

  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('uuid', { nullable: true })
  readonly resourceId: string | null;

  /** The kind of the subject. */
  @Column('text', { nullable: true })
  readonly kind: string | null;

  @Column('text', { nullable: true })
  readonly actor: string | null;

  @Column('boolean', { default: false })
  readonly byPlatform: boolean;

  /** Never before `at`, and it rises with the number. */
  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly numberedAt: Date;
}

/** Where the sequencer is, in one row. */
@Entity('event_sequencer')
export class EventSequencerState {
  @PrimaryColumn('boolean', { default: true })
  readonly one: boolean;

  /** The end of the lease of the process that numbers; null when no process does. */
  @Column('timestamptz', { nullable: true })
  readonly leaseUntil: Date | null;

  @Column('bigint', { default: 0 })
  readonly lastSequence: string;

  /** The last link of the chain with rows that have their numbers. */
  @Column('bigint', { default: 0 })
  readonly lastLink: string;

  /** The last number that was archived. */
  @Column('bigint', { default: 0 })
  readonly archivedSequence: string;

  /** Events before this time are archived. */
  @Column('timestamptz', { nullable: true })
  readonly archivedBefore: Date | null;
}

/** The open streams of one process. Only `StreamPlaces` writes it. */
@Entity('event_stream_processes')
export class EventStreamProcess {
  @PrimaryColumn('uuid')
  readonly id: string;

  /** Its streams count until then. */
  @Column('timestamptz')
  readonly leaseUntil: Date;

  /** The tenant of each open stream. */
  @Column('text', { array: true })
  readonly tenants: readonly string[];
}
