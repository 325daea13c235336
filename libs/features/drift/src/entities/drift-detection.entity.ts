import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The last drift detection. The table has at most one row. */
@Entity('drift_detections')
export class DriftDetection {
  @PrimaryColumn('boolean', { default: true })
  readonly one: true;

  /** Each drift of a list was found, or confirmed, by this time. */
  @Column('timestamptz')
  readonly detectedAt: Date;
}
