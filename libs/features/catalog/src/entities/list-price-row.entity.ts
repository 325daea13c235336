import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Where an amount comes from: the provider's stored catalog, an invoice, or the configured list, which admins can edit. */
export type PriceSource = 'catalog' | 'observed' | 'configured';

/** What `amount` is for: a month of a machine or address, of a GiB, of a node, or a share of the price of a droplet. */
export type PriceUnit = 'month' | 'gib_month' | 'node_month' | 'percent';

/** The price of a product from a time on. Rows are never changed; the latest that is valid counts. */
@Entity('list_prices')
export class ListPriceRow {
  /**
   * `volume`, `snapshot`, `load_balancer`, `floating_ip`, `backups:weekly`, `backups:daily`, `droplet:<size>`, or what the declaration of
   * another kind bills its resources as, such as `managed_db:<size>`.
   */
  @PrimaryColumn('text')
  readonly product: string;

  /** `catalog`: copied from the provider's sizes. `observed`: learned from an invoice. `configured`: seeded, or set by an admin. */
  @PrimaryColumn('text')
  readonly source: PriceSource;

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

  /** Of one unit, where the provider states it. */
  @Column('numeric', { nullable: true })
  readonly hourly: string | null;

  /** When the amount was read, learned or set. */
  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly asOf: Date;
}
