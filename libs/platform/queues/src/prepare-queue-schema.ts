import { ADVISORY_LOCKS, SERVICE_ROLE } from '#libs/database';
import { runMigrations } from 'bullmq';
import { Client, escapeIdentifier } from 'pg';
import { QUEUE_NAMES } from './queue-definitions';
import { QUEUE_SCHEMA } from './lasting-connection';

/**
 * Makes everything that BullMQ needs on PostgreSQL, as the owner, so that the service role needs no right to create: its tables and
 * functions, the sequence that each queue would make at its first job, and our own table of claimed ticks. Part of `migrate`, after
 * libs/platform/database's migrations, which make the role; needed with Redis too (claimed ticks). May be run again and by several at once.
 */
export async function prepareQueueSchema(ownerUrl: string): Promise<void> {
  const owner = new Client({ connectionString: ownerUrl });
  owner.on('error', () => undefined); // a connection lost between two statements: the next statement says so
  await owner.connect();
  try {
    await owner.query(`select pg_advisory_lock(${ADVISORY_LOCKS.queuePreparation})`);
    await runMigrations(owner, QUEUE_SCHEMA);
    for (const queue of QUEUE_NAMES) {
      const { rows } = await owner.query<{ name: string }>(`select ${QUEUE_SCHEMA}.job_id_seq_name($1) as name`, [queue]);
      for (const { name } of rows) await owner.query(`create sequence if not exists ${QUEUE_SCHEMA}.${escapeIdentifier(name)}`);
    }
    await owner.query(`create table if not exists ${QUEUE_SCHEMA}.schedule_tick (key text primary key, not_before timestamptz not null)`);
    await owner.query(`
      grant usage on schema ${QUEUE_SCHEMA} to ${SERVICE_ROLE};
      grant select, insert, update, delete on all tables in schema ${QUEUE_SCHEMA} to ${SERVICE_ROLE};
      grant usage, select, update on all sequences in schema ${QUEUE_SCHEMA} to ${SERVICE_ROLE};
      grant execute on all functions in schema ${QUEUE_SCHEMA} to ${SERVICE_ROLE};`);
  } finally {
    await owner.end(); // ends the advisory lock too
  }
}
