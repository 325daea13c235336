import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A name of a project with the time in which it was used: invoices name projects by it. */
@Entity('cloud_project_names')
export class ProjectName {
  @PrimaryColumn('uuid')
  readonly projectId: string;

  @Column('text')
  readonly name: string;

  @PrimaryColumn('timestamptz', { default: () => 'clock_timestamp()' })
  readonly usedFrom: Date;

  /** Null for the current name. */
  @Column('timestamptz', { nullable: true })
  readonly usedUntil: Date | null;
}
