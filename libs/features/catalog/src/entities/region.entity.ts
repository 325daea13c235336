import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('provider_regions')
export class Region {
  @PrimaryColumn('text')
  readonly slug: string;

  @Column('text')
  readonly name: string;

  /** New droplets can be created in the region. */
  @Column('boolean')
  readonly available: boolean;
}
