import { Column, Entity, PrimaryColumn } from 'typeorm';

export const ENDPOINT_STATUSES = ['active', 'paused', 'disabled'] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

/** A signing secret, encrypted. Newest first; older ones sign too until they expire. */
export interface SealedSecret {
  readonly sealed: string;
  /** Null for the newest one. */
  readonly expires_at: string | null;
}

/** An address that gets messages about events. Its secrets are encrypted. [WHK-3] */
@Entity('webhook_endpoints')
export class WebhookEndpoint {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  /** Null: an endpoint of platform admins, which gets all events. */
  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('text')
  readonly url: string;

  @Column('text', { nullable: true })
  readonly description: string | null;

  /** Types of events; `*` is every type. */
  @Column('text', { array: true })
  readonly types: string[];

  @Column('text', { default: 'active' })
  readonly status: EndpointStatus;

  /** Why it is disabled. */
  @Column('text', { nullable: true })
  readonly statusReason: string | null;

  @Column('jsonb')
  readonly secrets: SealedSecret[];

  /** The key of all its secrets. */
  @Column('text')
  readonly keyId: string;

  /** The last number of the feed when it was created: later events are for it. */
  @Column('bigint', { default: 0 })
  readonly afterSequence: string;

  /** The first failure since the last success. */
  @Column('timestamptz', { nullable: true })
  readonly failingSince: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly lastSuccessAt: Date | null;

  /** The begin of the last pause. */
  @Column('timestamptz', { nullable: true })
  readonly pausedAt: Date | null;

  /** Events of its scope and types that came during the last pause. They have no delivery until a person replays them. */
  @Column('bigint', { default: 0 })
  readonly skipped: string;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;
}
