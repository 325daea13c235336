import { Column, Entity, Generated, PrimaryGeneratedColumn } from 'typeorm';

/** One change of a resource. Events are append-only and linked into the hash chain. [INV-14] */
@Entity('cloud_resource_events')
export class ResourceEvent {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly seq: string;

  @Column('uuid')
  @Generated('uuid')
  readonly id: string;

  @Column('uuid')
  readonly resourceId: string;

  /** The tenant that may read the event. Null for resources without a tenant, and for events that name two tenants. [INV-13] */
  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('text')
  readonly type: string;

  @Column('text')
  readonly source: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly at: Date;

  /** The first values of a `discovered` event, the action of a `provider_action` event, and `{field: {old, new}}` of every other one. */
  @Column('jsonb', { default: {} })
  readonly changes: Record<string, unknown>;

  /**
   * The writer: the sweep, the saga for the source `saga`, or the entry of the audit log for the source `admin`. Null for other sources,
   * and for older events of sagas and admins.
   */
  @Column('uuid', { nullable: true })
  readonly sweepId: string | null;
}
