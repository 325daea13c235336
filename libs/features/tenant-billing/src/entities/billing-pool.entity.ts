import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PoolMethod, PoolName } from '../pricing/pools';

/** How a pool of shared amounts is split from a month on. */
@Entity('billing_pools')
export class BillingPool {
  @PrimaryColumn('text')
  readonly pool: PoolName;

  /** The first day of a month. */
  @PrimaryColumn('date')
  readonly validFrom: string;

  @Column('text')
  readonly method: PoolMethod;

  /** Of `weighted`: whole numbers by tenant. */
  @Column('jsonb', { default: {} })
  readonly weights: Readonly<Record<string, number>>;

  @Column('text')
  readonly changedBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;
}
