import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { TaxCategory } from '../pricing/tenant-document';

/** A line of an invoice to a tenant. Lines belong to a draft as a whole set: they are replaced, never changed. */
@Entity('tenant_invoice_lines')
export class TenantInvoiceLine {
  @PrimaryColumn('uuid')
  readonly invoiceId: string;

  @PrimaryColumn('int')
  readonly lineNo: number;

  @Column('text')
  readonly tenantId: string;

  @Column('text')
  readonly kind: string;

  @Column('text')
  readonly description: string;

  @Column('uuid', { nullable: true })
  readonly resourceId: string | null;

  @Column('text', { nullable: true })
  readonly resourceName: string | null;

  /** Exact decimal text; hours where the provider counts time. */
  @Column('numeric', { nullable: true })
  readonly quantity: string | null;

  @Column('text')
  readonly unit: string;

  /** Null unless quantity × unit price is exactly the value. */
  @Column('numeric', { nullable: true })
  readonly unitPrice: string | null;

  /** Before it was rounded, in the currency of the invoice. */
  @Column('numeric', MONEY)
  readonly exact: Money;

  /** With the decimal places of the currency. */
  @Column('numeric', MONEY)
  readonly net: Money;

  /** Null while no tax rule is found. */
  @Column('text', { nullable: true })
  readonly taxCategory: TaxCategory | null;

  /** Percent. */
  @Column('numeric', { nullable: true })
  readonly taxRate: string | null;

  /** The first day of the month that the line corrects; null for a line of the invoice's own month. */
  @Column('date', { nullable: true })
  readonly corrects: string | null;

  /** The rated value in the provider's currency; null for a line that a person wrote. */
  @Column('numeric', { ...MONEY, nullable: true })
  readonly sell: Money | null;

  /** What the provider charges. Never for tenants. */
  @Column('numeric', MONEY)
  readonly buy: Money;

  /** How the line came to be. Never for tenants. */
  @Column('jsonb')
  readonly explanation: unknown;
}
