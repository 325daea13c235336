import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What `amount` is for: a month of a machine or address, of a GiB, of a node, or a share of the price of a droplet. */
export type PriceUnit = 'month' | 'gib_month' | 'node_month' | 'percent';

/** The price of a product from a time on. Rows are never changed; the latest that is valid counts. */
@Entity('list_prices')
export class ListPriceRow {
  /** `volume`, `snapshot`, `load_balancer`, `floating_ip`, `backups:weekly`, `backups:daily` or `droplet:<size>`. */
  @PrimaryColumn('text')
  readonly product: string;

  /** `observed`: learned from an invoice. `configured`: seeded, or set by an admin. */
  @PrimaryColumn('text')
  readonly source: 'configured' | 'observed';

  @PrimaryColumn('timestamptz')
  readonly validFrom: Date;

  /** Exact decimal text. */
  @Column('numeric')
  readonly amount: string;

  @Column('text')
  readonly unit: PriceUnit;

  /** The smallest monthly amount of one resource. */
  @Column('numeric', { nullable: true })
  readonly minimum: string | null;

  @Column('text', { default: 'USD' })
  readonly currency: string;

  /** Where the amount was read, for people. */
  @Column('text')
  readonly origin: string;

  /** The admin who set it; null for a seeded or learned price. */
  @Column('text', { nullable: true })
  readonly changedBy: string | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly recordedAt: Date;
}
