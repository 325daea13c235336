import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The last refresh of a copy, and the claim on the running one. There is one copy: `offers`. */
@Entity('provider_catalogue')
export class CatalogRefresh {
  @PrimaryColumn('text')
  readonly name: string;

  /** Null until the first refresh has ended. */
  @Column('timestamptz', { nullable: true })
  readonly takenAt: Date | null;

  /** The end of the claim of the process that refreshes; null when none does. */
  @Column('timestamptz', { nullable: true })
  readonly refreshingUntil: Date | null;

  /** Failed refreshes in a row; null or 0 when the last one succeeded. */
  @Column('int', { nullable: true })
  readonly failures: number | null;

  /** After a failed refresh, the time of the next one. */
  @Column('timestamptz', { nullable: true })
  readonly nextAttemptAt: Date | null;
}
