import { Column, Entity, PrimaryColumn, VirtualColumn } from 'typeorm';

/** The oid of the database of the connection, as SQL. A copy of a database has another one. */
export const CURRENT_DATABASE = '(select oid::bigint from pg_database where datname = current_database())';

/** The one row by which a restore of this database is detected. [OPS-8] */
@Entity('database_witness')
export class DatabaseWitness {
  /** Always true: the table has one row. */
  @PrimaryColumn('boolean', { default: true })
  readonly one: boolean;

  /** Part of the names of this installation's tags at the provider. */
  @Column('uuid', { default: () => 'arcadia_uuid()' })
  readonly installation: string;

  @Column('bigint')
  readonly databaseOid: string;

  /** The start of the database server during which the provider was last asked; null when it must be asked. */
  @Column('timestamptz', { nullable: true })
  readonly serverStartedAt: Date | null;

  /** The number that only rises, as decimal text. */
  @Column('bigint', { default: 0 })
  readonly mark: string;

  /** False while the number is being raised: then the provider has the tag of this number, or of the number before it. */
  @Column('boolean', { default: true })
  readonly marked: boolean;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly markChangedAt: Date;

  /** When a restore was last detected; null when none was. */
  @Column('timestamptz', { nullable: true })
  readonly restoredAt: Date | null;

  /** The database is not the noted one. */
  @VirtualColumn({ type: 'boolean', query: (alias) => `${alias}.database_oid <> ${CURRENT_DATABASE}` })
  readonly elsewhere: boolean;

  /** The provider has been asked since the database server started. A copy of the server's files implies a start. */
  @VirtualColumn({ type: 'boolean', query: (alias) => `coalesce(${alias}.server_started_at = pg_postmaster_start_time(), false)` })
  readonly known: boolean;

  /** The time since the number was changed, by the database's clock. */
  @VirtualColumn({ type: 'float8', query: (alias) => `extract(epoch from clock_timestamp() - ${alias}.mark_changed_at)::float8 * 1000` })
  readonly markAgeMs: number;
}
