import type { Queryable } from './queryable';

/**
 * The SQL expressions of the keys of all advisory locks. Two releases share one database, so a key never changes and is never reused for
 * another purpose. Statements contain the key as `${ADVISORY_LOCKS.name}`; a test rejects any other form.
 * BullMQ has its own locks in the same database: 1112493644 for its migrations, and 32-bit hashes of texts that begin with `bullmq:`.
 */
export const ADVISORY_LOCKS = {
  /** One process at a time migrates a database (`migrate`). */
  migration: '815004005',
  /** One worker at a time restores the job schedulers (`Schedules`), because BullMQ on PostgreSQL makes duplicates otherwise. */
  schedules: '815004006',
  /** One session at a time links digests into the chain (`arcadia_seal_records`). */
  sealing: '815004007',
  /** One command at a time archives months of events (`archiveEvents`). */
  eventArchive: '815004008',
  /** One process at a time creates the queue schema (`prepareQueueSchema`). */
  queuePreparation: '815004009',
  /** One rating of a month runs at a time (`RatingService`). */
  rating: '815004030',
  /** One build of drafts of invoices runs at a time (`InvoiceBuilder`). */
  invoicing: '815004031',
  /** One change of the default rate card happens at a time (`RateAssignments`). */
  defaultRateCard: '815004032',
  /** One drift detection runs at a time (`DriftDetectionService`). */
  driftDetection: '815004020',
  /** One webhook endpoint is created at a time, so that two at once do not exceed the number of an owner (`WebhookEndpoints`). */
  webhookCreation: '815004040',
  /** One stream of events of a tenant is counted at a time, so that two at once do not exceed the number of a tenant (`StreamPlaces`). */
  streamPlaces: '815004041',
  /** One transaction at a time folds changes into the roll-up of running costs (`CostRollup`). */
  costRollup: '815004050',
  /** One transaction at a time accepts sagas of a tenant, the value of a column named `tenant`, or changes it (`TenantWriter`). */
  tenantStarts: 'hashtextextended(tenant, 815004011)',
  /** One transaction at a time changes owners of resources (`OwnershipRecorder`). */
  attribution: `hashtextextended('attribution', 0)`,
} as const;

/** A lock with one key. Only SQL with a column of that name can compute the keys of `tenantStarts`. */
export type AdvisoryLock = Exclude<keyof typeof ADVISORY_LOCKS, 'tenantStarts'>;

/** Any connection or query runner. */
interface Session {
  query(text: string): Promise<unknown>;
}

/** Waits for the lock and holds it until the transaction ends. */
export const lockTransaction = (tx: Session, lock: AdvisoryLock): Promise<unknown> => tx.query(call('advisory_xact_lock', lock));

/** Waits for the lock and holds it until the session ends or `unlockSession` releases it. */
export const lockSession = (session: Session, lock: AdvisoryLock): Promise<unknown> => session.query(call('advisory_lock', lock));

export const unlockSession = (session: Session, lock: AdvisoryLock): Promise<unknown> => session.query(call('advisory_unlock', lock));

/** Takes the lock until the transaction ends. False when another session holds it. */
export const tryLockTransaction = (tx: Queryable, lock: AdvisoryLock): Promise<boolean> =>
  granted(tx, call('try_advisory_xact_lock', lock));

/** Takes the lock until the session ends. False when another session holds it. */
export const tryLockSession = (session: Queryable, lock: AdvisoryLock): Promise<boolean> =>
  granted(session, call('try_advisory_lock', lock));

async function granted(on: Queryable, text: string): Promise<boolean> {
  const [row] = await on.query<{ granted: boolean }>(text);
  return row?.granted === true;
}

/** Fenced: it reads no table, and no repository has a verb for locks of the server. */
const call = (name: string, lock: AdvisoryLock) => `select pg_${name}(${ADVISORY_LOCKS[lock]}) as granted`;
