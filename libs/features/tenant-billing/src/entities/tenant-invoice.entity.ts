import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';
import type { DocumentTax } from '../pricing/tenant-document';
import type { AutoMode } from './billing-profile.entity';
import type { Adjustment, FrozenTerms, InvoiceProblem, InvoiceStatus, PaymentStatus, TaxStatus } from '../pricing/invoice.states';

/** `standard`: the lines of a month. `one_off`: lines that a person wrote. */
export const INVOICE_KINDS = ['standard', 'one_off'] as const;
export type InvoiceKind = (typeof INVOICE_KINDS)[number];

/**
 * An invoice to a tenant. Amounts have the decimal places of `currency`. Once issued, only the columns of payments, `status`, `void…`, `version` and
 * `changed…` may change: a trigger refuses everything else.
 */
@Entity('tenant_invoices')
export class TenantInvoice {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly issuerId: string;

  @Column('text')
  readonly tenantId: string;

  @Column('text')
  readonly kind: InvoiceKind;

  /** The first day of the month; null for a one-off invoice. */
  @Column('date', { nullable: true })
  readonly period: string | null;

  /** ISO 4217. */
  @Column('text')
  readonly currency: string;

  /** Decimal places of the currency. */
  @Column('int')
  readonly decimals: number;

  @Column('text', { default: 'draft' })
  readonly status: InvoiceStatus;

  @Column('text', { default: 'unpaid' })
  readonly paymentStatus: PaymentStatus;

  @Column('text', { default: 'undecided' })
  readonly taxStatus: TaxStatus;

  /** Gapless within the issuer's series; null until it is issued. */
  @Column('text', { nullable: true })
  readonly number: string | null;

  @Column('numeric', { ...MONEY, default: 0 })
  readonly net: Money;

  @Column('numeric', { ...MONEY, default: 0 })
  readonly tax: Money;

  @Column('numeric', { ...MONEY, default: 0 })
  readonly total: Money;

  /** What is left to pay. */
  @Column('numeric', { ...MONEY, default: 0 })
  readonly due: Money;

  @Column('numeric', { ...MONEY, default: 0 })
  readonly paid: Money;

  @Column('numeric', { ...MONEY, default: 0 })
  readonly credited: Money;

  /** What was paid from the money wallet. */
  @Column('numeric', { ...MONEY, default: 0 })
  readonly wallet: Money;

  @Column('int', { default: 0 })
  readonly lineCount: number;

  /** By category and rate. */
  @Column('jsonb', { default: [] })
  readonly taxes: readonly DocumentTax[];

  /** The lines that a person added; they survive a refresh. */
  @Column('jsonb', { default: [] })
  readonly adjustments: readonly Adjustment[];

  @Column('jsonb', { default: [] })
  readonly problems: readonly InvoiceProblem[];

  /** Parties, tax, exchange rate and days as they were at the approval; null before. */
  @Column('jsonb', { nullable: true })
  readonly terms: FrozenTerms | null;

  /** SHA-256 over everything that decides the lines and totals. */
  @Column('text', { nullable: true })
  readonly digest: string | null;

  @Column('text', { default: 'off' })
  readonly auto: AutoMode;

  /** The void invoice of the same month that it replaces. */
  @Column('uuid', { nullable: true })
  readonly replacesId: string | null;

  @Column('timestamptz', { nullable: true })
  readonly issuedAt: Date | null;

  /** In the time zone of the issuer. */
  @Column('date', { nullable: true })
  readonly issuedOn: string | null;

  @Column('date', { nullable: true })
  readonly dueOn: string | null;

  @Column('timestamptz', { nullable: true })
  readonly voidedAt: Date | null;

  @Column('text', { nullable: true })
  readonly voidReason: string | null;

  /** Rises with every change. */
  @Column('int', { default: 1 })
  readonly version: number;

  @Column('text')
  readonly changedBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  /** Computed: issued, not paid, and past its due date, in UTC. */
  @VirtualColumn({
    type: 'boolean',
    query: (alias) =>
      `coalesce(${alias}.status = 'issued' and ${alias}.payment_status in ('unpaid', 'partly_paid') and ${alias}.due_on < (clock_timestamp() at time zone 'UTC')::date, false)`,
  })
  readonly overdue: boolean;
}
