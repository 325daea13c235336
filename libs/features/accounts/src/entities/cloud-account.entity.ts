import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The provider account that the service is bound to. There is at most one per provider. [INV-6] */
@Entity('cloud_accounts')
export class CloudAccount {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text', { default: 'digitalocean' })
  readonly provider: string;

  /** The id that `identifiedBy` names. */
  @Column('text')
  readonly providerAccountId: string;

  /** The first of the team, the account and the owner of the default project that the provider showed to the first token. */
  @Column('text')
  readonly identifiedBy: 'team' | 'account' | 'project_owner';

  /** Identifies the account for tokens that may not read `/v2/account`. */
  @Column('text', { nullable: true })
  readonly projectOwnerId: string | null;

  @Column('text', { nullable: true })
  readonly name: string | null;

  /** The time of the binding. */
  @Column('timestamptz', { default: () => 'now()' })
  readonly pinnedAt: Date;

  /** The time when provider-billing last read the whole billing history. */
  @Column('timestamptz', { nullable: true })
  readonly billingHistoryReadAt: Date | null;

  /** The first complete mirror of its projects, which registered the tenants of their descriptions. Null until then. [TNT-1] */
  @Column('timestamptz', { nullable: true })
  readonly tenantsRegisteredAt: Date | null;
}
