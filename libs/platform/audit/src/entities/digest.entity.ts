import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn, type ColumnType } from 'typeorm';

/** The digest of the rows that a statement added to a stream. Read only: triggers of the database write it. [INV-14] */
@Entity('record_digests')
export class Digest {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly id: string;

  /** The name of the `AppendOnlyStream`. */
  @Column('text')
  readonly stream: string;

  /** The number of the canonical form that was hashed. */
  @Column('smallint', { default: 1 })
  readonly form: number;

  @Column('int')
  readonly rowCount: number;

  @Column('bigint')
  readonly firstSeq: string;

  /** The numbers of the rows, exactly. */
  @Column('int8multirange')
  readonly seqs: string;

  /** The first 16 bytes of the SHA-256 of each row, in the order of their numbers. */
  @Column('bytea')
  readonly marks: Buffer;

  /** Over the marks. */
  @Column('bytea')
  readonly hash: Buffer;

  /** The time of the last row. */
  @Column('timestamptz')
  readonly lastAt: Date;

  /** The transaction that added the rows. */
  @Column({ type: 'xid8' as ColumnType, default: () => 'pg_current_xact_id()' })
  readonly xid: string;
}

/** A digest that is not yet linked. Read only: triggers add it, and sealing deletes it. [INV-14] */
@Entity('record_waiting')
export class WaitingDigest {
  @PrimaryColumn('bigint')
  readonly digestId: string;
}
