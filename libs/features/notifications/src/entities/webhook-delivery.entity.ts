import { Column, Entity, PrimaryColumn } from 'typeorm';

export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** One event for one endpoint. Its id is the `webhook-id` of every attempt, so that the receiver recognises repetitions. */
@Entity('webhook_deliveries')
export class WebhookDelivery {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly endpointId: string;

  /** The tenant of the endpoint. */
  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  /** The number of the event in the feed; null for a test. */
  @Column('bigint', { nullable: true })
  readonly sequence: string | null;

  @Column('text')
  readonly type: string;

  @Column('text', { default: 'pending' })
  readonly status: DeliveryStatus;

  /** Attempts that have begun. */
  @Column('int', { default: 0 })
  readonly attempts: number;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly nextAttemptAt: Date;

  /** The end of the lease of the worker that delivers. */
  @Column('timestamptz', { nullable: true })
  readonly leaseUntil: Date | null;

  @Column('timestamptz', { nullable: true })
  readonly lastAttemptAt: Date | null;

  /** The HTTP status of the last answer. */
  @Column('int', { nullable: true })
  readonly lastStatus: number | null;

  @Column('int', { nullable: true })
  readonly lastMs: number | null;

  /** Why the last attempt failed. */
  @Column('text', { nullable: true })
  readonly errorCode: string | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  @Column('timestamptz', { nullable: true })
  readonly finishedAt: Date | null;
}

/** The last event of the feed for which deliveries and messages are written, in one row. */
@Entity('notification_cursor')
export class NotificationCursor {
  @PrimaryColumn('boolean', { default: true })
  readonly one: boolean;

  @Column('bigint', { default: 0 })
  readonly lastSequence: string;
}
