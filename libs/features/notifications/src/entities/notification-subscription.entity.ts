import { Column, Entity, PrimaryColumn } from 'typeorm';

export const DIGESTS = ['at_once', 'daily'] as const;
export type Digest = (typeof DIGESTS)[number];

/** Where an admin, or a tenant as a whole, is notified of events by mail and chat. */
@Entity('notification_subscriptions')
export class NotificationSubscription {
  /** `admin <sub>` or `tenant <id>`. */
  @PrimaryColumn('text')
  readonly owner: string;

  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('text', { nullable: true })
  readonly email: string | null;

  /** The address of a chat room, which is a secret: it is enough to write there. Encrypted. [WHK-3] */
  @Column('text', { nullable: true })
  readonly chatSealed: string | null;

  @Column('text', { nullable: true })
  readonly chatHost: string | null;

  /** The key of `chatSealed`. */
  @Column('text', { nullable: true })
  readonly keyId: string | null;

  /** Types of events; `*` is every type. `webhook.disabled` always counts. */
  @Column('text', { array: true })
  readonly types: string[];

  @Column('text')
  readonly digest: Digest;

  /** The last number of the feed when it was written first: later events are for it. */
  @Column('bigint', { default: 0 })
  readonly afterSequence: string;

  @Column('text')
  readonly changedBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;
}

export type Channel = 'mail' | 'chat';

/** The notification of one event through one channel. Those that are due together are one mail. */
@Entity('notification_messages')
export class NotificationMessage {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly owner: string;

  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('text')
  readonly channel: Channel;

  @Column('bigint')
  readonly sequence: string;

  @Column('text', { default: 'pending' })
  readonly status: 'pending' | 'sent' | 'failed';

  @Column('int', { default: 0 })
  readonly attempts: number;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly nextAttemptAt: Date;

  @Column('timestamptz', { nullable: true })
  readonly leaseUntil: Date | null;

  @Column('text', { nullable: true })
  readonly errorCode: string | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  @Column('timestamptz', { nullable: true })
  readonly finishedAt: Date | null;
}
