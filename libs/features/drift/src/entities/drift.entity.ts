import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DriftStatus } from '../drift.states';
import type { Severity } from '../severity';

/** A field of a resource that differs, or has differed, from its desired state. At most one is open per resource and field. [DRF-1] */
@Entity('cloud_drift')
export class Drift {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly resourceId: string;

  @Column('text')
  readonly field: string;

  @Column('jsonb')
  readonly expected: unknown;

  @Column('jsonb')
  readonly actual: unknown;

  /** The version of the desired state that was compared. */
  @Column('int')
  readonly specVersion: number;

  @Column('text', { default: 'open' })
  readonly status: DriftStatus;

  @Column('text')
  readonly severity: Severity;

  /** US dollars as exact decimal text; null where no price is known. */
  @Column('numeric', { nullable: true })
  readonly monthlyPriceDelta: string | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly detectedAt: Date;

  /** The time of the detection that last found another actual value. */
  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;

  /** Null while the drift is open. */
  @Column('timestamptz', { nullable: true })
  readonly closedAt: Date | null;

  /** The operator who accepted the drift, or who asked for the revert that ended it. */
  @Column('text', { nullable: true })
  readonly closedBy: string | null;

  @Column('text', { nullable: true })
  readonly reason: string | null;
}
