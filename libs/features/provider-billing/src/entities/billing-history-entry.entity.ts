import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A charge, payment or credit of the account. Entries are only inserted. */
@Entity('cloud_billing_history')
export class BillingHistoryEntry {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly accountId: string;

  /** The provider's value. */
  @Column('text')
  readonly type: string;

  @Column('text')
  readonly description: string;

  /** Payments and credits are negative. */
  @Column('numeric', MONEY)
  readonly amount: Money;

  @Column('timestamptz')
  readonly occurredAt: Date;

  /** Empty for entries without an invoice. */
  @Column('text', { default: '' })
  readonly invoiceUuid: string;

  @Column('text', { nullable: true })
  readonly invoiceNumber: string | null;

  /** Numbers entries that are equal in every other field, because the provider gives them no id. */
  @Column('int')
  readonly nth: number;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly seenAt: Date;
}
