import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { TenantStatus } from '../tenant.states';

/** A customer of the platform. A row is never deleted: a closed tenant still explains old costs. */
@Entity('tenants')
export class Tenant {
  /** The text that tokens and `tenant:<id>` descriptions carry. It is compared exactly. */
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text')
  readonly name: string;

  @Column('text', { nullable: true })
  readonly contactEmail: string | null;

  @Column('text', { nullable: true })
  readonly notes: string | null;

  @Column('text', { default: 'active' })
  readonly status: TenantStatus;

  /** Text for people. While it is set, the tenant can order nothing new. */
  @Column('text', { nullable: true })
  readonly ordersBlockedReason: string | null;

  /** `description`: the id stood in the description of a project when its account was first mirrored, or before tenants were registered. */
  @Column('text')
  readonly source: 'description' | 'admin';

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  @Column('timestamptz', { nullable: true })
  readonly closedAt: Date | null;
}

/** A time in which a tenant was closed and that is over. A trigger writes it when the tenant is opened again. */
@Entity('tenant_closures')
export class TenantClosure {
  @PrimaryColumn('text')
  readonly tenantId: string;

  @PrimaryColumn('timestamptz')
  readonly closedAt: Date;

  @Column('timestamptz')
  readonly openedAt: Date;
}
