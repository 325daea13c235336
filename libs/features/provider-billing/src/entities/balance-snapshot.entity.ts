import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The balance of an account at one time. A positive amount is owed, a negative one is credit. */
@Entity('cloud_balance_snapshots')
export class BalanceSnapshot {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly accountId: string;

  @Column('numeric', MONEY)
  readonly monthToDateBalance: Money;

  @Column('numeric', MONEY)
  readonly accountBalance: Money;

  @Column('numeric', MONEY)
  readonly monthToDateUsage: Money;

  /** By the provider's clock; by ours where its answer has no readable time. */
  @Column('timestamptz')
  readonly generatedAt: Date;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly takenAt: Date;
}
