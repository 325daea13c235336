import type { Client } from 'pg';

/** Whether so many transactions of the database wait for locks, also when it is asked within a transaction, which else gets the same answer again. */
export async function areWaiting(on: Client, count: number): Promise<boolean> {
  await on.query('select pg_stat_clear_snapshot()');
  const { rows } = await on.query<{ waiting: number }>(
    `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.waiting === count;
}
