import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Digests of what was recorded before there were any, a thousand numbers of a month each: events leave by whole months. What the chain vouches
 * for begins here: what was changed earlier it cannot tell. Rows that are added meanwhile have digests already and higher numbers. Reads the two tables once; locks nothing.
 */
export class EarlierRecords1795000001031 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      digestsOf('cloud_resource_events', 'events', 'seq, id, resource_id, tenant_id, type, source, at, changes, sweep_id'),
    );
    await runner.query(
      digestsOf(
        'audit_log',
        'audit',
        'seq, id, at, actor, actor_role, actor_tenant_id, action, target_type, target_id, reason, details, request_id',
      ),
    );
  }

  /** Digests of earlier rows go with the others, when their table goes. */
  async down(): Promise<void> {}
}

function digestsOf(table: string, stream: string, columns: string): string {
  return `
    with made as (
      insert into record_digests (stream, row_count, first_seq, seqs, marks, hash, last_at)
      select '${stream}', n, first, seqs, marks, sha256(marks), at
        from (select count(*) as n, min(seq) as first, range_agg(int8range(seq, seq, '[]')) as seqs, max(at) as at,
                     string_agg(substr(sha256(record_send(row(${columns}))), 1, 16), '' order by seq) as marks
                from ${table}
               where seq < coalesce((select min(first_seq) from record_digests where stream = '${stream}'), 9223372036854775807)
               group by (seq - 1) / 1000, date_trunc('month', at at time zone 'UTC')) a
      returning id)
    insert into record_waiting select id from made`;
}
