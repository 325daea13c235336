import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DocumentTax, TaxCategory } from '../pricing/tenant-document';

/** Takes back a part of an issued invoice. A trigger refuses every change. */
@Entity('credit_notes')
export class CreditNote {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly issuerId: string;

  @Column('text')
  readonly tenantId: string;

  @Column('uuid')
  readonly invoiceId: string;

  /** Gapless within the issuer's series of credit notes. */
  @Column('text')
  readonly number: string;

  @Column('text')
  readonly currency: string;

  @Column('numeric', MONEY)
  readonly net: Money;

  @Column('numeric', MONEY)
  readonly tax: Money;

  @Column('numeric', MONEY)
  readonly total: Money;

  @Column('jsonb')
  readonly taxes: readonly DocumentTax[];

  @Column('numeric', MONEY)
  readonly lowersDue: Money;

  /** To be paid back; the return of a payment carries it out. */
  @Column('numeric', MONEY)
  readonly refund: Money;

  @Column('numeric', MONEY)
  readonly wallet: Money;

  /** Settled outside of this system. */
  @Column('numeric', MONEY)
  readonly outOfBand: Money;

  @Column('text')
  readonly reason: string;

  @Column('date')
  readonly issuedOn: string;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;
}

/** A line of a credit note, with the net that it takes back of a line of the invoice, at the tax of that line. */
@Entity('credit_note_lines')
export class CreditNoteLine {
  @PrimaryColumn('uuid')
  readonly creditNoteId: string;

  @PrimaryColumn('int')
  readonly lineNo: number;

  @Column('text')
  readonly tenantId: string;

  @Column('uuid')
  readonly invoiceId: string;

  @Column('int')
  readonly invoiceLineNo: number;

  @Column('text')
  readonly description: string;

  /** Has the sign of the line of the invoice. */
  @Column('numeric', MONEY)
  readonly net: Money;

  @Column('text')
  readonly taxCategory: TaxCategory;

  @Column('numeric')
  readonly taxRate: string;
}
