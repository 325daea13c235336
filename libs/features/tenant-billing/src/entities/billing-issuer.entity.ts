import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A tax registration that documents print, such as `{ kind: 'ABN', id: '51 824 753 556' }`. */
export interface TaxId {
  readonly kind: string;
  readonly id: string;
}

/** The hosting team as a legal seller. Null: not filled in yet, which a draft of an invoice names as a problem. */
@Entity('billing_issuers')
export class BillingIssuer {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { nullable: true })
  readonly name: string | null;

  @Column('text', { nullable: true })
  readonly address: string | null;

  /** ISO 3166-1, two letters. */
  @Column('text', { nullable: true })
  readonly country: string | null;

  @Column('jsonb', { default: [] })
  readonly taxIds: readonly TaxId[];

  @Column('text', { nullable: true })
  readonly bankText: string | null;

  /** ISO 4217. */
  @Column('text', { default: 'USD' })
  readonly currency: string;

  @Column('text', { default: 'INV-' })
  readonly numberPrefix: string;

  /** Days after the first reconciled invoice of the provider before drafts are built. */
  @Column('int', { default: 3 })
  readonly graceDays: number;

  /** Days until an issued invoice is due, unless the tenant has its own. */
  @Column('int', { default: 14 })
  readonly netDays: number;

  /** Whether invoices over nothing are issued. */
  @Column('boolean', { default: false })
  readonly issueZero: boolean;

  /** Whether numbers begin anew each year. */
  @Column('boolean', { default: false })
  readonly yearly: boolean;

  /** Of printed dates; all arithmetic is in UTC. */
  @Column('text', { default: 'UTC' })
  readonly timeZone: string;

  /** The digest of the logo that documents print; null for none. */
  @Column('text', { nullable: true })
  readonly logoSha256: string | null;

  /** Rises with every change. */
  @Column('int', { default: 1 })
  readonly version: number;

  @Column('text', { nullable: true })
  readonly changedBy: string | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;
}
