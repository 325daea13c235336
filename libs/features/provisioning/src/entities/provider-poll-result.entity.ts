import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The latest result of a shared poll, and the claim on the running one. The table is unlogged: a crash of the server empties it. */
@Entity('provider_poll_results')
export class ProviderPollResult {
  @PrimaryColumn('text')
  readonly name: string;

  /** Null until the first poll has ended. */
  @Column('jsonb', { nullable: true })
  readonly seen: unknown;

  /** When the provider was asked for the result. */
  @Column('timestamptz', { nullable: true })
  readonly askedAt: Date | null;

  /** The end of the claim of the process that polls; null when none does. */
  @Column('timestamptz', { nullable: true })
  readonly lookingUntil: Date | null;
}
