import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { LogoType } from '../pricing/tenant-document';

/** A picture that documents print. Issued documents name it by its digest, so a row is never changed or removed. [TBL-4] */
@Entity('billing_logos')
export class IssuerLogo {
  /** The digest of `bytes`. */
  @PrimaryColumn('text')
  readonly sha256: string;

  @Column('text')
  readonly mediaType: LogoType;

  /** In pixels, as is `height`. */
  @Column('int')
  readonly width: number;

  @Column('int')
  readonly height: number;

  @Column('bytea')
  readonly bytes: Buffer;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;
}
