import type { QUEUE_NAMES as NAMES } from '#libs/config';
import type { JobsOptions } from 'bullmq';

/** All queues. The jobs of a queue call the provider with the token of its name; those of `metering` and `notifications` do not call it. */
export const Queues = {
  syncFast: 'sync-fast',
  syncFull: 'sync-full',
  syncSlow: 'sync-slow',
  billing: 'billing',
  provisioning: 'provisioning',
  metering: 'metering',
  notifications: 'notifications',
} as const satisfies Record<string, (typeof NAMES)[number]>;

export type QueueName = (typeof Queues)[keyof typeof Queues];

export const QUEUE_NAMES: readonly QueueName[] = Object.values(Queues);

export type SweepTrigger = 'schedule' | 'first' | 'manual';

/** Sweep one resource kind, by its requested sweep if any. `cloud_sweeps` stores sweeps: a lost or repeated job changes nothing. */
export interface SweepJob {
  readonly kind: string;
  readonly trigger: SweepTrigger;
}

/** Sagas are due. `saga_runs` lists them: a lost or repeated wake-up changes nothing. */
export type SagasJob = Readonly<Record<string, never>>;

/** Compare desired states with live values. Differences are stored in `cloud_drift`: a lost or repeated job changes nothing. */
export type DriftJob = Readonly<Record<string, never>>;

/** Read the balance of the account. */
export type BalanceJob = Readonly<Record<string, never>>;

/** Read the account's charges, payments and the list of its invoices. */
export type BillingHistoryJob = Readonly<Record<string, never>>;

/** Ingest an invoice from the provider. Its stored lines are replaced as a whole: a lost or repeated job changes nothing. */
export interface IngestJob {
  /** Our id of the invoice, not the provider's. */
  readonly invoice_id: string;
}

/** Invoices are due to be pushed to finance. `cloud_finance_outbox` lists them. */
export type FinancePushJob = Readonly<Record<string, never>>;

/** Carry out a billing run, which replaces the rated lines of its month as a whole: a lost or repeated job changes nothing. */
export interface RatingJob {
  readonly run_id: string;
}

/** Deliveries of webhooks are due. `webhook_deliveries` lists them: a lost or repeated wake-up changes nothing. */
export type DeliveriesJob = Readonly<Record<string, never>>;

/** Mails or messages to the chats of subscribers are due. `notification_messages` lists them: a lost or repeated wake-up changes nothing. */
export type MessagesJob = Readonly<Record<string, never>>;

/** Requested messages, such as reminders, are due. `notification_requests` lists them: a lost or repeated wake-up changes nothing. */
export type RequestedMessagesJob = Readonly<Record<string, never>>;

/** Documents of tenants may be due to be rendered. `tenant_documents` lists them: a lost or repeated wake-up changes nothing. */
export type DocumentsJob = Readonly<Record<string, never>>;

/** Render a document of a tenant. What is rendered already stays: a lost or repeated job changes nothing. */
export interface DocumentJob {
  readonly document_id: string;
}

/** Job name → payload. Payloads contain ids and names only: the board displays jobs, and the queue's storage keeps them. [TEN-8] */
export interface Jobs {
  readonly sweep: SweepJob;
  readonly sagas: SagasJob;
  readonly drift: DriftJob;
  readonly balance: BalanceJob;
  readonly 'billing-history': BillingHistoryJob;
  readonly ingest: IngestJob;
  readonly 'finance-push': FinancePushJob;
  readonly rating: RatingJob;
  readonly deliveries: DeliveriesJob;
  readonly messages: MessagesJob;
  readonly 'requested-messages': RequestedMessagesJob;
  readonly documents: DocumentsJob;
  readonly document: DocumentJob;
}

export type JobName = keyof Jobs;

/** The jobs of the queue `notifications`. */
export type NotificationJobName = 'deliveries' | 'messages' | 'requested-messages';

/** Between two attempts: 2.5 to 5 s, then twice as long each time. */
const BACKOFF = { type: 'exponential', delay: 5_000, jitter: 0.5 } as const;

/**
 * The options of every job: few attempts, because the recovery scans of the tables find lost work again, and bounded history. All attempts
 * together take longer than the lease of a sweep (`SWEEP_LEASE_MS`), so that a job taken over from a dead worker finds the lease expired.
 */
export const JOB_OPTIONS: JobsOptions & { readonly attempts: number; readonly backoff: typeof BACKOFF } = {
  attempts: 5,
  backoff: BACKOFF,
  removeOnComplete: { age: 86_400, count: 200 },
  removeOnFail: { age: 604_800, count: 500 },
};
