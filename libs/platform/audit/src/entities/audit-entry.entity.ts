import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** One change made by a person or machine identity. The service role can add and read entries, nothing else. [OPS-9] */
@Entity('audit_log')
export class AuditEntry {
  /** Decimal text. Numbers rise with time, but those of a transaction that rolled back are missing. */
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  readonly seq: string;

  @Column('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly at: Date;

  /** The `sub` of the token. */
  @Column('text')
  readonly actor: string;

  @Column('text')
  readonly actorRole: string;

  @Column('text', { nullable: true })
  readonly actorTenantId: string | null;

  @Column('text')
  readonly action: string;

  @Column('text')
  readonly targetType: string;

  @Column('text')
  readonly targetId: string;

  @Column('text', { nullable: true })
  readonly reason: string | null;

  @Column('jsonb', { default: {} })
  readonly details: Record<string, unknown>;

  @Column('text', { nullable: true })
  readonly requestId: string | null;

  /** `tenant_id` of the details, which the database copies: row security keeps an index on JSON from lists. No part of the chain. */
  @Column('text', { nullable: true })
  readonly concernedTenant: string | null;

  /** `previous_tenant_id` of the details, likewise. */
  @Column('text', { nullable: true })
  readonly previousTenant: string | null;

  /** `tenant_ids` of the details, likewise; null where there are none. */
  @Column('text', { array: true, nullable: true })
  readonly concernedTenants: string[] | null;
}
