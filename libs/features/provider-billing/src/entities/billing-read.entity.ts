import { Column, Entity, PrimaryColumn } from 'typeorm';

export type BillingReadName = 'balance' | 'billing_history';

/** A reading of the provider's billing data that has failed since it last succeeded. Without a row, the last reading succeeded. */
@Entity('cloud_billing_reads')
export class BillingRead {
  @PrimaryColumn('text')
  readonly name: BillingReadName;

  /** In a row. */
  @Column('int')
  readonly failures: number;

  /** The last failure: its stable code and its message. */
  @Column('jsonb')
  readonly failure: { readonly code: string; readonly detail?: string };

  @Column('timestamptz')
  readonly failedAt: Date;

  @Column('timestamptz')
  readonly nextAttemptAt: Date;
}
