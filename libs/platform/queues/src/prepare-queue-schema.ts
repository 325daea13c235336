import { lockSession, SERVICE_ROLE } from '#libs/database';
import { runMigrations } from 'bullmq';
import { Client, escapeIdentifier } from 'pg';
import { QUEUE_NAMES } from './queue-definitions';
import { QUEUE_SCHEMA } from './postgres-backend';

/**
 * Creates everything that BullMQ needs on PostgreSQL, as the owner, so that the service role needs no right to create: BullMQ's tables and
 * functions, the sequence that each queue would create at its first job, and our own table of claimed ticks. It is part of `migrate`, after
 * the migrations of `database`, which create the role, and is needed with Redis too (claimed ticks). It is repeatable, also concurrently.
 */
export async function prepareQueueSchema(ownerUrl: string): Promise<void> {
  const owner = new Client({ connectionString: ownerUrl });
  owner.on('error', () => undefined); // when the connection breaks between two statements, the next statement fails
  await owner.connect();
  try {
    await lockSession(owner, 'queuePreparation');
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
    await owner.end(); // releases the advisory lock too
  }
}
