import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';

export type SweepStatus = 'running' | 'complete' | 'incomplete' | 'suspect' | 'released' | 'refused' | 'not_available';
export type SweepTrigger = 'schedule' | 'first' | 'manual' | 'action_feed';

/** A listed object that could not be read. Its row stays as it is and gets no strike. */
export interface UnreadableItem {
  /** The path of the list. */
  readonly list: string;
  /** The provider's id; null when it is unreadable too. */
  readonly object_id: string | null;
  /** The first field that could not be read; null when the object as a whole is unusable. */
  readonly field: string | null;
  /** What was expected, in words; a sweep of an earlier release has none. */
  readonly reason?: string;
}

/** One attempt to list one kind. At most one sweep of a kind is running. */
@Entity('cloud_sweeps')
export class Sweep {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  /** Null until the token has been checked against the account. */
  @Column('uuid', { nullable: true })
  readonly accountId: string | null;

  @Column('text')
  readonly kind: string;

  @Column('text')
  readonly trigger: SweepTrigger;

  @Column('text', { default: 'running' })
  readonly status: SweepStatus;

  /** A stable code for why the sweep is not complete. */
  @Column('text', { nullable: true })
  readonly reason: string | null;

  @Column('int', { default: 0 })
  readonly pagesDone: number;

  /** Null until the first page has been read. */
  @Column('int', { nullable: true })
  readonly pagesExpected: number | null;

  @Column('int', { default: 0 })
  readonly calls: number;

  @Column('int', { default: 0 })
  readonly seen: number;

  @Column('int', { default: 0 })
  readonly discovered: number;

  @Column('int', { default: 0 })
  readonly updated: number;

  @Column('int', { default: 0 })
  readonly restored: number;

  @Column('int', { default: 0 })
  readonly struck: number;

  @Column('int', { default: 0 })
  readonly deleted: number;

  /** The first 20. */
  @Column('jsonb', { default: [] })
  readonly unreadableItems: readonly UnreadableItem[];

  @Column('int', { default: 0 })
  readonly unreadableCount: number;

  /** The list was complete and empty, and nothing of the kind is known: it is read once a day until something is. [KND-3] */
  @Column('boolean', { default: false })
  readonly unused: boolean;

  /**
   * `<kind>/<provider id>` of what a suspect list lacked, until a newer sweep replaces it. It may be long, so it is not read by default.
   */
  @Column('text', { array: true, nullable: true, select: false })
  readonly missing: readonly string[] | null;

  /** How many ids a suspect list lacked; null for others, and once a newer sweep has replaced it. */
  @VirtualColumn({ type: 'int', query: (alias) => `cardinality(${alias}.missing)` })
  readonly missingCount: number | null;

  @Column('timestamptz', { nullable: true })
  readonly releasedAt: Date | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly startedAt: Date;

  /** Null while the sweep waits for a worker. */
  @Column('timestamptz', { nullable: true })
  readonly claimedAt: Date | null;

  /** The end of the right to write, by the database's clock. */
  @Column('timestamptz')
  readonly leaseUntil: Date;

  /** Null while the sweep runs. */
  @Column('timestamptz', { nullable: true })
  readonly finishedAt: Date | null;
}
