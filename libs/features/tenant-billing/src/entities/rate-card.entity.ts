import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';

/** SQL: the id of the default card on a day, a date in SQL. */
export const DEFAULT_CARD = (day: string): string =>
  `select d.card_id from default_rate_cards d where d.valid_from <= ${day} order by d.valid_from desc limit 1`;
const TODAY = `(clock_timestamp() at time zone 'UTC')::date`;

/** A price list with versions. In each month exactly one is the default: it prices what no other card has a rate for. */
@Entity('rate_cards')
export class RateCard {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly name: string;

  /** ISO 4217. */
  @Column('text', { default: 'USD' })
  readonly currency: string;

  /** For the previous release, which reads it and sets it: a trigger takes what it sets into `default_rate_cards`. */
  @Column('boolean', { name: 'is_default', default: false })
  readonly isDefaultForPreviousRelease: boolean;

  /** Computed: whether it is the default card of the present month, in UTC. */
  @VirtualColumn({ type: 'boolean', query: (alias) => `coalesce(${alias}.id = (${DEFAULT_CARD(TODAY)}), false)` })
  readonly isDefaultNow: boolean;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;
}

/** The default card from a month on, until the month of the next row. */
@Entity('default_rate_cards')
export class DefaultRateCard {
  /** The first day of a month. */
  @PrimaryColumn('date')
  readonly validFrom: string;

  @Column('uuid')
  readonly cardId: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;
}
