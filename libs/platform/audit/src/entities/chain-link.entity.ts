import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A link of the chain. Read only: sealing writes it. [INV-14] */
@Entity('record_chain')
export class ChainLink {
  /** From 1, without a gap. */
  @PrimaryColumn('bigint')
  readonly no: string;

  @Column('bigint')
  readonly digestId: string;

  @Column('bytea')
  readonly prevHash: Buffer;

  /** Over the previous hash, the time and the digest. */
  @Column('bytea')
  readonly hash: Buffer;

  @Column('timestamptz')
  readonly sealedAt: Date;
}
