import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';

/** A drift ignore rule: it matches a drift to which all of tenant, kind, resource and field apply that it names. It names at least one. */
@Entity('cloud_drift_rules')
export class DriftRule {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('text', { nullable: true })
  readonly kind: string | null;

  @Column('uuid', { nullable: true })
  readonly resourceId: string | null;

  @Column('text', { nullable: true })
  readonly field: string | null;

  @Column('text')
  readonly reason: string;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  /** Null: the rule applies until an operator deletes it. */
  @Column('timestamptz', { nullable: true })
  readonly expiresAt: Date | null;

  /** By the database's clock. */
  @VirtualColumn({ type: 'boolean', query: (alias) => `coalesce(${alias}.expires_at <= clock_timestamp(), false)` })
  readonly expired: boolean;
}
