import { Database } from '#libs/database';
import { Injectable, Logger } from '@nestjs/common';
import { SagaQueries } from '#libs/saga';

/**
 * Notices that the database was restored from a backup: then it runs in another cluster, or on another timeline of the same. Sagas that were not
 * over in the backup may have gone on and made things that only the provider knows.
 */
@Injectable()
export class RestoreDetector {
  private readonly log = new Logger('Reaper');

  constructor(
    private readonly database: Database,
    private readonly sagas: SagaQueries,
  ) {}

  /** In each round, and before a worker claims anything: connections outlive a restore, and what it cut off must not go on unmarked. */
  async check(): Promise<void> {
    const marked = await this.database.transaction(async (tx) => {
      const [row] = await tx.query<{ first: boolean; fresh: boolean }>(NOTE_LINEAGE);
      return row?.fresh && !row.first ? this.sagas.markRestored(tx) : undefined;
    });
    if (marked !== undefined) this.log.warn({ event: 'database_restored', unfinished_sagas: marked });
  }
}

/** Notes which cluster and timeline this is; tells whether it is new, and whether it is the first. */
const NOTE_LINEAGE = `
with here as (select s.system_identifier::text as id, c.timeline_id as timeline from pg_control_system() s, pg_control_checkpoint() c),
noted as (insert into database_lineage (system_identifier, timeline) select id, timeline from here on conflict do nothing returning 1)
select exists (select 1 from noted) as fresh, not exists (select 1 from database_lineage) as first`;
