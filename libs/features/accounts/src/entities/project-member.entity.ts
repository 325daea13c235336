import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The membership of a resource in a project, current or ended. */
@Entity('cloud_project_members')
export class ProjectMember {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly accountId: string;

  @Column('uuid')
  readonly projectId: string;

  /** The kind of the resource. */
  @Column('text')
  readonly kind: string;

  @Column('text')
  readonly providerId: string;

  @Column('text')
  readonly urn: string;

  /** The provider's time of the assignment, or null when it does not show one. */
  @Column('timestamptz', { nullable: true })
  readonly assignedAt: Date | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly memberSince: Date;

  /** Trusted complete walks in a row that did not list the resource in the project. */
  @Column('smallint', { default: 0 })
  readonly missedWalks: number;

  /** Null for a current membership. */
  @Column('timestamptz', { nullable: true })
  readonly memberUntil: Date | null;
}
