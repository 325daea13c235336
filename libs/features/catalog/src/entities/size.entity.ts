import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A droplet size. Prices are US dollars as exact decimal text. */
@Entity('provider_sizes')
export class Size {
  @PrimaryColumn('text')
  readonly slug: string;

  @Column('int')
  readonly memoryMb: number;

  @Column('int')
  readonly vcpus: number;

  @Column('int')
  readonly diskGb: number;

  @Column('numeric')
  readonly priceMonthly: string;

  @Column('numeric')
  readonly priceHourly: string;

  /** Slugs of the regions that offer the size. */
  @Column('text', { array: true })
  readonly regions: readonly string[];

  @Column('boolean')
  readonly available: boolean;
}
