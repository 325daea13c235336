import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { TaxCategory } from '../pricing/tenant-document';
import type { TaxIdEvidence } from './billing-profile.entity';

/** What is known about a tax id: there is none, nobody checked it, a register called it valid, or a register did not. */
export const TAX_ID_STATES = ['none', 'unchecked', 'valid', 'invalid'] as const;
export type TaxIdState = (typeof TAX_ID_STATES)[number];

/** Where a customer is: in the issuer's country, in another one of the EU, outside of the EU, or outside of the issuer's country. */
export const TAX_PLACES = ['domestic', 'other_eu', 'outside_eu', 'abroad'] as const;
export type TaxPlace = (typeof TAX_PLACES)[number];

/** All that is given must be true of the customer. */
export interface TaxWhen {
  readonly place?: TaxPlace;
  /** ISO 3166-1, two letters; any of these. */
  readonly countries?: readonly string[];
  readonly is_business?: boolean;
  /** Any of these. */
  readonly tax_id?: readonly TaxIdState[];
}

/** Which tax an invoice has for a customer for whom `when` is true. */
@Entity('tax_rules')
export class TaxRule {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly issuerId: string;

  /** The rule counts for this tenant only, before all rules without a tenant. */
  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  /** The highest that matches counts. */
  @Column('int', { default: 0 })
  readonly priority: number;

  @Column('jsonb', { name: 'when_facts', default: {} })
  readonly when: TaxWhen;

  @Column('text')
  readonly category: TaxCategory;

  /** Percent. */
  @Column('numeric')
  readonly rate: string;

  /** Such as `GST 10 %`. */
  @Column('text')
  readonly label: string;

  /** Words that the law asks for. */
  @Column('text', { nullable: true })
  readonly text: string | null;

  /** The title of the invoice. */
  @Column('text', { default: 'Invoice' })
  readonly title: string;

  /** The issuer needs a tax registration of this kind, such as `ABN`. */
  @Column('text', { nullable: true })
  readonly issuerTaxId: string | null;

  /** The document needs the tax id of the customer. */
  @Column('boolean', { default: false })
  readonly customerTaxId: boolean;

  /** What the exception of a tenant is based on. */
  @Column('jsonb', { nullable: true })
  readonly evidence: TaxIdEvidence | null;

  /** A rule that is not active decides nothing. */
  @Column('boolean', { default: true })
  readonly active: boolean;

  /** The shipped set that it came from, such as `EU`. */
  @Column('text', { nullable: true })
  readonly origin: string | null;

  /** Rises with every change. */
  @Column('int', { default: 1 })
  readonly version: number;

  @Column('text')
  readonly changedBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;
}
