import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What decides the owner of a resource, in the order in which it is asked. */
export const ATTRIBUTION_REASONS = ['override', 'project', 'parent', 'rule', 'members', 'fallback'] as const;
export type AttributionReason = (typeof ATTRIBUTION_REASONS)[number];

/** A resource of the account, or its tombstone. At most one per account, kind and provider id; a row is never deleted. */
@Entity('cloud_resources')
export class Resource {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly accountId: string;

  @Column('text', { default: 'digitalocean' })
  readonly provider: string;

  @Column('text')
  readonly kind: string;

  @Column('text')
  readonly providerId: string;

  @Column('text')
  readonly urn: string;

  @Column('text', { nullable: true })
  readonly name: string | null;

  @Column('text', { nullable: true })
  readonly region: string | null;

  /** `deleted` for tombstones, else the state at the provider. */
  @Column('text')
  readonly status: string;

  @Column('text', { nullable: true })
  readonly sizeSlug: string | null;

  @Column('jsonb', { default: {} })
  readonly attrs: Record<string, unknown>;

  /** `<kind>/<provider id>` of the resources that pass their owner on to this one. */
  @Column('text', { array: true, default: [] })
  readonly parents: readonly string[];

  /** Of the last observation. A page is compared by these hashes first. */
  @Column('text')
  readonly contentHash: string;

  /** The owner that an admin has set. It beats every rule. */
  @Column('text', { nullable: true })
  readonly ownerOverride: string | null;

  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('uuid', { nullable: true })
  readonly cloudProjectId: string | null;

  /** The rule that decided the owner. */
  @Column('text', { default: 'fallback' })
  readonly attributedBy: AttributionReason;

  /** Id of the project, parent, rule or user that decided the owner. */
  @Column('text', { nullable: true })
  readonly attributedRef: string | null;

  @Column('timestamptz')
  readonly firstSeenAt: Date;

  /** Sweeps do not rewrite an unchanged row, so a later complete sweep may have listed it too. */
  @Column('timestamptz')
  readonly lastSeenAt: Date;

  /** The time of the last observation that was written. An older observation never overwrites the row. */
  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly recordedAt: Date;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;

  /** Complete sweeps in a row that did not list the resource. */
  @Column('smallint', { default: 0 })
  readonly staleStrikeCount: number;

  @Column('timestamptz', { nullable: true })
  readonly lastStrikeAt: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly deletedAt: Date | null;

  /** Lists must contain the resource from this time on. Null for resources that a list contained first. [INV-9] */
  @Column('timestamptz', { nullable: true })
  readonly listedBy: Date | null;

  /** Who protects the resource from being destroyed or overwritten; null without a protection. An admin's protection is lifted by admins only. */
  @Column('text', { nullable: true })
  readonly protectedBy: 'admin' | 'tenant' | null;
}
