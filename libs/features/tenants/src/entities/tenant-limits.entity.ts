import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The limits of one tenant, or of all that have none of their own. Null means no limit. Prices are US dollars a month as decimal text. */
@Entity('tenant_limits')
export class TenantLimitsRow {
  /** A tenant, or `default`. */
  @PrimaryColumn('text')
  readonly tenantId: string;

  @Column('int', { nullable: true })
  readonly maxDroplets: number | null;

  @Column('int', { nullable: true })
  readonly maxVcpus: number | null;

  @Column('int', { nullable: true })
  readonly maxVolumeGib: number | null;

  @Column('int', { nullable: true })
  readonly maxSnapshots: number | null;

  /** At list prices. */
  @Column('numeric', { nullable: true })
  readonly maxMonthlyCost: string | null;

  /** Patterns of size slugs, in which `*` is any text. */
  @Column('text', { array: true, nullable: true })
  readonly allowedSizes: readonly string[] | null;

  @Column('text', { array: true, nullable: true })
  readonly allowedRegions: readonly string[] | null;

  /** A start that adds more than this a month, at list prices, waits for approval. */
  @Column('numeric', { nullable: true })
  readonly approvalOverMonthly: string | null;

  @Column('int', { nullable: true })
  readonly maxDestroysPerHour: number | null;

  /** Two living droplets of the tenant may not have one name. */
  @Column('boolean', { default: false })
  readonly uniqueNames: boolean;

  /** Open sagas that the tenant started itself. */
  @Column('int', { nullable: true })
  readonly openSagas: number | null;

  /** The limits in which a tenant follows the row `default`, also when that changes. Its own columns do not count then. */
  @Column('text', { array: true, default: [] })
  readonly inherited: readonly string[];

  @Column('text')
  readonly changedBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;
}
