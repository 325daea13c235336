import type { TokenPurpose } from '#libs/config';
import type { JobsOptions } from 'bullmq';

/** All queues. A queue's jobs call the provider with the token of the queue's name. */
export const Queues = {
  syncFast: 'sync-fast',
  syncFull: 'sync-full',
  syncSlow: 'sync-slow',
  billing: 'billing',
  provisioning: 'provisioning',
} as const satisfies Record<string, TokenPurpose>;

export type QueueName = (typeof Queues)[keyof typeof Queues];

export const QUEUE_NAMES: readonly QueueName[] = Object.values(Queues);

export type SweepTrigger = 'schedule' | 'first' | 'manual';

/** Look at one kind now, or take up the sweep of it that was asked for. Sweeps live in `cloud_sweeps`: a lost or repeated job changes nothing. */
export interface SweepJob {
  readonly kind: string;
  readonly trigger: SweepTrigger;
}

/** Sagas are due. Which ones stands in `saga_runs`: a lost or repeated bell changes nothing. */
export type SagasJob = Readonly<Record<string, never>>;

/** Compare what was ordered with what is there. What differs stands in `cloud_drift`: a lost or repeated job changes nothing. */
export type DriftJob = Readonly<Record<string, never>>;

/** Ask what the account owes. */
export type BalanceJob = Readonly<Record<string, never>>;

/** Read what the account was charged and paid, and which invoices there are. */
export type BillingHistoryJob = Readonly<Record<string, never>>;

/** Take an invoice from the provider. What of it stands in our tables is replaced as a whole: a lost or repeated job changes nothing. */
export interface IngestJob {
  /** Ours. */
  readonly invoice_id: string;
}

/** Finance is to be told of invoices. Which ones stands in `cloud_finance_outbox`. */
export type FinancePushJob = Readonly<Record<string, never>>;

/** Job name → payload. Payloads carry ids and names only: jobs are shown on the board and kept in the queue's storage (TEN-8). */
export interface Jobs {
  readonly sweep: SweepJob;
  readonly sagas: SagasJob;
  readonly drift: DriftJob;
  readonly balance: BalanceJob;
  readonly 'billing-history': BillingHistoryJob;
  readonly ingest: IngestJob;
  readonly 'finance-push': FinancePushJob;
}

export type JobName = keyof Jobs;

/** Between two tries: 2.5 to 5 s, then twice as long each time. */
const BACKOFF = { type: 'exponential', delay: 5_000, jitter: 0.5 } as const;

/**
 * Of every job: few tries, because the tables' own scans find again what was lost, and bounded leftovers. The tries together outlast the
 * lease of a sweep (`SWEEP_LEASE_MS`), so that a job taken over from a dead worker finds its place free before it is given up.
 */
export const JOB_OPTIONS: JobsOptions & { readonly attempts: number; readonly backoff: typeof BACKOFF } = {
  attempts: 5,
  backoff: BACKOFF,
  removeOnComplete: { age: 86_400, count: 200 },
  removeOnFail: { age: 604_800, count: 500 },
};
