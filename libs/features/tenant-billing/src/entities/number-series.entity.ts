import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The last number of a series of documents. A number is taken in the transaction that freezes its document, so numbers have no gaps. */
@Entity('number_series')
export class NumberSeries {
  @PrimaryColumn('text')
  readonly issuerId: string;

  /** Such as `invoice`, or `invoice/2026` where the issuer numbers by year. */
  @PrimaryColumn('text')
  readonly series: string;

  @Column('int', { default: 0 })
  readonly lastNumber: number;

  /** The day on the document with the last number. No later number has an earlier day. */
  @Column('date', { nullable: true })
  readonly lastIssuedOn: string | null;
}
