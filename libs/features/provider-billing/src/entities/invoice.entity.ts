import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';
import type { InvoiceStatus, Reconciliation } from '../invoice.states';
import type { InvoiceSummary } from '../provider/invoice-responses';

/** Why the last reading of an invoice failed. `line` counts the lines of an unreadable document. */
export interface InvoiceFailure {
  readonly code: string;
  readonly detail: string;
  readonly line?: number;
  /** The time of the failed reading, RFC 3339; a release without it may have written the failure. */
  readonly at?: string;
}

/** An invoice of the provider: its header, the state of its ingest, the sums of its lines and its delivery to finance. */
@Entity('cloud_invoices')
export class Invoice {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly accountId: string;

  /** The provider's id. */
  @Column('text')
  readonly invoiceUuid: string;

  @Column('text', { nullable: true })
  readonly invoiceNumber: string | null;

  /** First day of the month, `2026-04-01`. */
  @Column('date')
  readonly period: string;

  @Column('date')
  readonly issuedOn: string;

  @Column('numeric', MONEY)
  readonly amount: Money;

  @Column('text', { default: 'USD' })
  readonly currency: string;

  @Column('text', { default: 'discovered' })
  readonly status: InvoiceStatus;

  /** Of the last reading. The lines of an earlier, successful reading may be in use. */
  @Column('jsonb', { nullable: true })
  readonly failure: InvoiceFailure | null;

  /** Since the last successful ingest. */
  @Column('int', { default: 0 })
  readonly attempts: number;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly nextAttemptAt: Date;

  /** An operator or a changed header asked for an ingest at this time. */
  @Column('timestamptz', { nullable: true })
  readonly requestedAt: Date | null;

  /** Before the first call of the ingest that stored the lines. Of two documents the one that was requested later counts. */
  @Column('timestamptz', { nullable: true })
  readonly documentAskedAt: Date | null;

  /** SHA-256. */
  @Column('text', { nullable: true })
  readonly documentHash: string | null;

  @Column('timestamptz', { nullable: true })
  readonly ingestedAt: Date | null;

  @Column('int', { nullable: true })
  readonly lines: number | null;

  @Column('int', { nullable: true })
  readonly matchedLines: number | null;

  /** Cells that no money depends on and that could not be read; null for lines of a release that refused them. */
  @Column('int', { nullable: true })
  readonly unreadableCells: number | null;

  /** Kinds of which no complete list existed yet when the lines were matched; null when there was none. */
  @Column('text', { array: true, nullable: true })
  readonly unlistedKinds: string[] | null;

  @Column('numeric', { ...MONEY, nullable: true })
  readonly linesAmount: Money | null;

  @Column('numeric', { ...MONEY, nullable: true })
  readonly taxAmount: Money | null;

  /** The sum of the amounts without their signs. */
  @Column('numeric', { ...MONEY, nullable: true })
  readonly linesValue: Money | null;

  /** The part of `linesValue` that belongs to tenants. */
  @Column('numeric', { ...MONEY, nullable: true })
  readonly attributedValue: Money | null;

  @Column('jsonb', { nullable: true })
  readonly summary: InvoiceSummary | null;

  @Column('text', { nullable: true })
  readonly reconciliation: Reconciliation | null;

  /** The amount minus the sum of the lines. */
  @Column('numeric', { ...MONEY, nullable: true })
  readonly difference: Money | null;

  @Column('timestamptz', { nullable: true })
  readonly releasedAt: Date | null;

  /** When it was first reconciled or released; null while it is neither. A repeated ingest keeps it. */
  @Column('timestamptz', { nullable: true })
  readonly countedSince: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly pushedToFinanceAt: Date | null;

  @Column('text', { nullable: true })
  readonly financeInvoiceId: string | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly discoveredAt: Date;

  /** Share of lines that were matched to a resource or a project, 0 to 1. A share is not money, so a float is exact enough. */
  @VirtualColumn({
    type: 'double precision',
    query: (alias) => `case when ${alias}.lines > 0 then round(${alias}.matched_lines::numeric / ${alias}.lines, 4)::float8 end`,
  })
  readonly matchedLineRatio: number | null;

  /** Share of the amounts, without their signs, that belong to a tenant, 0 to 1. */
  @VirtualColumn({
    type: 'double precision',
    query: (alias) => `case when ${alias}.lines_value > 0 then round(${alias}.attributed_value / ${alias}.lines_value, 6)::float8 end`,
  })
  readonly attributedAmountRatio: number | null;

  /** The error code of the last failed delivery to finance; null once it is delivered. */
  @VirtualColumn({
    type: 'text',
    query: (alias) => `select o.error_code from cloud_finance_outbox o where o.invoice_id = ${alias}.id and o.delivered_at is null`,
  })
  readonly pushError: string | null;
}
