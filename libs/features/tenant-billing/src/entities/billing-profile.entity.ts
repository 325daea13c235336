import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What was answered when somebody checked a tax id. */
export interface TaxIdEvidence {
  /** RFC 3339. */
  readonly checked_at: string;
  readonly source: string;
  readonly answer: string;
}

/** How far a run carries a good draft by itself. */
export const AUTO_MODES = ['off', 'approve', 'issue'] as const;
export type AutoMode = (typeof AUTO_MODES)[number];

/** A tenant as a legal buyer. Null: not filled in, or as the issuer has it. */
@Entity('billing_profiles')
export class BillingProfile {
  @PrimaryColumn('text')
  readonly tenantId: string;

  @Column('text', { nullable: true })
  readonly legalName: string | null;

  @Column('text', { nullable: true })
  readonly address: string | null;

  /** ISO 3166-1, two letters. */
  @Column('text', { nullable: true })
  readonly country: string | null;

  @Column('boolean', { nullable: true })
  readonly isBusiness: boolean | null;

  @Column('text', { nullable: true })
  readonly taxId: string | null;

  @Column('jsonb', { nullable: true })
  readonly taxIdEvidence: TaxIdEvidence | null;

  /** ISO 4217; that of the issuer unless set. */
  @Column('text', { nullable: true })
  readonly currency: string | null;

  @Column('int', { nullable: true })
  readonly netDays: number | null;

  @Column('text', { nullable: true })
  readonly language: string | null;

  /** Documents are sent here. */
  @Column('text', { nullable: true })
  readonly email: string | null;

  @Column('text', { nullable: true })
  readonly purchaseOrder: string | null;

  @Column('text', { default: 'off' })
  readonly auto: AutoMode;

  /** Nothing is issued to the tenant while it is true. */
  @Column('boolean', { default: false })
  readonly paused: boolean;

  /** Rises with every change. */
  @Column('int', { default: 1 })
  readonly version: number;

  @Column('text')
  readonly changedBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;
}
