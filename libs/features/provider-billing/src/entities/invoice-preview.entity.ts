import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The next invoice of an account, an estimate that the provider computes daily. Never part of an invoiced sum. [BIL-9] */
@Entity('cloud_invoice_previews')
export class InvoicePreview {
  @PrimaryColumn('uuid')
  readonly accountId: string;

  @Column('text', { nullable: true })
  readonly invoiceUuid: string | null;

  /** First day of the month, `2026-04-01`. */
  @Column('date', { nullable: true })
  readonly period: string | null;

  @Column('numeric', MONEY)
  readonly amount: Money;

  /** By the provider's clock. */
  @Column('timestamptz', { nullable: true })
  readonly updatedAt: Date | null;

  /** The time at which the provider was found to have no preview; null while it has one. */
  @Column('timestamptz', { nullable: true })
  readonly removedAt: Date | null;
}
