import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';

/** A rule that gives each resource to a tenant to which all of its conditions apply. It has at least one condition. */
@Entity('attribution_rules')
export class AttributionRule {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  /** The first rule that applies decides, in this order; the older one of two at the same position. */
  @Column('int')
  readonly position: number;

  @Column('text', { nullable: true })
  readonly kind: string | null;

  /** A glob of tags that only this service and admins set. */
  @Column('text', { nullable: true })
  readonly tag: string | null;

  /** The glob in `tag` as SQL's `like` reads it, in lower case. */
  @Column('text', { nullable: true })
  readonly tagPattern: string | null;

  @Column('text', { nullable: true })
  readonly nameGlob: string | null;

  /** The glob in `nameGlob` as SQL's `like` reads it, in lower case. */
  @Column('text', { nullable: true })
  readonly namePattern: string | null;

  @Column('uuid', { nullable: true })
  readonly projectId: string | null;

  @Column('text', { nullable: true })
  readonly region: string | null;

  @Column('text')
  readonly tenantId: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly validFrom: Date;

  /** Null: the rule applies until an admin deletes it. */
  @Column('timestamptz', { nullable: true })
  readonly validTo: Date | null;

  @Column('text')
  readonly reason: string;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  /** By the database's clock. */
  @VirtualColumn({
    type: 'boolean',
    query: (alias) => `${alias}.valid_from <= clock_timestamp() and coalesce(clock_timestamp() < ${alias}.valid_to, true)`,
  })
  readonly active: boolean;
}
