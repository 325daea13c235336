import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The card of a tenant from a month on. Null: the default card. */
@Entity('tenant_rate_cards')
export class TenantRateCard {
  @PrimaryColumn('text')
  readonly tenantId: string;

  /** The first day of a month. */
  @PrimaryColumn('date')
  readonly validFrom: string;

  @Column('uuid', { nullable: true })
  readonly cardId: string | null;

  @Column('text')
  readonly changedBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;
}
