import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A public image with a slug. */
@Entity('provider_images')
export class Image {
  @PrimaryColumn('text')
  readonly slug: string;

  @Column('text')
  readonly name: string;

  @Column('int')
  readonly minDiskGb: number;

  /** Slugs of the regions that offer the image. */
  @Column('text', { array: true })
  readonly regions: readonly string[];

  /** The provider's word, in any letter case. */
  @Column('text')
  readonly status: string;
}
