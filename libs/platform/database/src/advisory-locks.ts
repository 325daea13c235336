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
  /** One drift detection runs at a time (`DriftDetectionService`). */
  driftDetection: '815004020',
  /** One transaction at a time accepts sagas of a tenant, the value of a column named `tenant` (`SagaStartWriter`). */
  tenantStarts: 'hashtextextended(tenant, 815004011)',
  /** One transaction at a time changes owners of resources (`OwnershipRecorder`). */
  attribution: `hashtextextended('attribution', 0)`,
} as const;
