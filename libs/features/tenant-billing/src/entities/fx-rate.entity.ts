import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a US dollar costs in another currency from a day on. */
@Entity('fx_rates')
export class FxRate {
  /** ISO 4217. */
  @PrimaryColumn('text')
  readonly currency: string;

  @PrimaryColumn('date')
  readonly validOn: string;

  /** Decimal text. */
  @Column('numeric')
  readonly rate: string;

  @Column('text')
  readonly source: string;

  @Column('text')
  readonly setBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly setAt: Date;
}
