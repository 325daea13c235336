import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An action of the account's feed, as it was last read. */
@Entity('cloud_provider_actions')
export class ProviderAction {
  @PrimaryColumn('uuid')
  readonly accountId: string;

  /** The provider's id. Above 2^31 since 2024; the feed is ordered by these numbers. */
  @PrimaryColumn('bigint')
  readonly actionId: string;

  @Column('text')
  readonly action: string;

  @Column('text')
  readonly status: string;

  /** Our kind. Null for kinds that we do not list and where the provider names no resource (actions of volumes have no resource id). */
  @Column('text', { nullable: true })
  readonly kind: string | null;

  @Column('text', { nullable: true })
  readonly providerId: string | null;

  /** By the provider's clock, like `completedAt`. */
  @Column('timestamptz', { nullable: true })
  readonly startedAt: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly completedAt: Date | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly firstReadAt: Date;

  /** The status that the resource's last event of this action has. Null: the action has no event yet. */
  @Column('text', { name: 'told_status', nullable: true })
  readonly reportedStatus: string | null;
}
