import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A price list with versions. Exactly one is the default: it prices what no other card has a rate for. */
@Entity('rate_cards')
export class RateCard {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly name: string;

  /** ISO 4217. */
  @Column('text', { default: 'USD' })
  readonly currency: string;

  @Column('boolean', { default: false })
  readonly isDefault: boolean;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;
}
