import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What happens to an invoice that is overdue. None of them suspends or deletes anything. */
export const DUNNING_ACTIONS = ['remind', 'notify_admin', 'block_orders', 'propose_suspend'] as const;
export type DunningAction = (typeof DUNNING_ACTIONS)[number];

export interface DunningStep {
  /** Days after the due date. */
  readonly after_days: number;
  readonly action: DunningAction;
}

/** The steps of an issuer that has its own. */
@Entity('dunning_policies')
export class DunningPolicy {
  @PrimaryColumn('text')
  readonly issuerId: string;

  @Column('jsonb')
  readonly steps: readonly DunningStep[];

  /** Rises with every change. */
  @Column('int', { default: 1 })
  readonly version: number;

  @Column('text')
  readonly changedBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly changedAt: Date;
}

/** A step that was taken. Its key makes it happen once. */
@Entity('dunning_steps')
export class TakenDunningStep {
  @PrimaryColumn('uuid')
  readonly invoiceId: string;

  @PrimaryColumn('int')
  readonly afterDays: number;

  @PrimaryColumn('text')
  readonly action: DunningAction;

  @Column('text')
  readonly tenantId: string;

  /** The reason that was written to the tenant, by which the block is known as that of this invoice. */
  @Column('text', { nullable: true })
  readonly blockReason: string | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly takenAt: Date;
}

/** `not_needed`: the invoice was settled before the message could be sent. `failed`: the last attempt failed too. */
export const REQUEST_STATUSES = ['waiting', 'delivered', 'not_needed', 'failed'] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

/** A message that people should get, and how its delivery stands. */
@Entity('notification_requests')
export class NotificationRequest {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  /** The tenant that it is about; null for none. */
  @Column('text', { nullable: true })
  readonly tenantId: string | null;

  @Column('text')
  readonly kind: string;

  @Column('text')
  readonly subject: string;

  @Column('jsonb', { default: {} })
  readonly payload: object;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;

  @Column('text', { default: 'waiting' })
  readonly status: RequestStatus;

  /** Attempts that have failed. */
  @Column('int', { default: 0 })
  readonly attempts: number;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly nextAttemptAt: Date;

  /** The end of the lease of the worker that delivers. */
  @Column('timestamptz', { nullable: true })
  readonly leaseUntil: Date | null;

  /** Why the last attempt failed. */
  @Column('text', { nullable: true })
  readonly errorCode: string | null;

  /** The receivers that have the message: `mail <address>` or `chat of <subscriber>`. */
  @Column('text', { array: true, default: [] })
  readonly deliveredTo: string[];

  @Column('timestamptz', { nullable: true })
  readonly deliveredAt: Date | null;
}

/** An issued invoice that was not paid on its due date. It has its event since the time of the row. */
@Entity('overdue_invoices')
export class OverdueInvoice {
  @PrimaryColumn('uuid')
  readonly invoiceId: string;

  @Column('text')
  readonly tenantId: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly since: Date;
}
