import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A project of the provider, or the fallback project. A deleted project keeps its row, because its name and tenant explain old costs. */
@Entity('cloud_projects')
export class Project {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly accountId: string;

  @Column('text', { default: 'digitalocean' })
  readonly provider: string;

  /** Null for a fallback project that does not exist at the provider. */
  @Column('text', { nullable: true })
  readonly providerId: string | null;

  @Column('text')
  readonly name: string;

  @Column('text', { default: '' })
  readonly description: string;

  /** The provider's purpose; the operator's own is `classification`. */
  @Column('text', { default: '' })
  readonly purpose: string;

  @Column('text', { nullable: true })
  readonly environment: string | null;

  /** The project to which the provider adds resources without a project. */
  @Column('boolean', { default: false })
  readonly isDefault: boolean;

  /** The project of resources without an owner; an account has at most one. */
  @Column('boolean', { default: false })
  readonly isFallback: boolean;

  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('text', { nullable: true })
  readonly tenantSetBy: 'description' | 'admin' | null;

  @Column('text', { nullable: true })
  readonly classification: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  readonly firstSeenAt: Date;

  /** The time when a list last changed the row. */
  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly recordedAt: Date;

  /** Complete lists since then that did not contain the project. */
  @Column('smallint', { default: 0 })
  readonly staleStrikeCount: number;

  @Column('timestamptz', { nullable: true })
  readonly lastStrikeAt: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly deletedAt: Date | null;
}
