import { Database } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { SWEEPS } from '../kinds';
import { SweepLedger } from './sweep-ledger';

/** A request that no worker has claimed within this time has lost its job: it is enqueued again. */
const UNCLAIMED_AFTER_MS = 2_000;

/**
 * Finds the sweeps that should run but have no job: kinds that were never swept, or that are overdue by twice their cadence, unless an
 * attempt began within the last cadence; and requested sweeps with a lost job. A queue may lose all of its jobs: this finds them again.
 * [OPS-4]
 */
@Injectable()
export class DueSweeps {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly ledger: SweepLedger,
  ) {}

  async find(): Promise<{ kind: string; trigger: 'first' | 'manual' }[]> {
    if (!this.provider.configured) return [];
    await this.ledger.closeLapsed();
    return this.database.query(
      // Set-based: one statement for all kinds, by the indexes of each kind.
      `select w.kind, case when r.kind is not null then 'manual' else 'first' end as trigger
         from unnest($1::text[], $2::bigint[]) w(kind, every_ms)
         left join cloud_sweeps r on r.kind = w.kind and r.status = 'running'
         left join lateral (select max(started_at) as at from cloud_sweeps c where c.kind = w.kind and c.status = 'complete') complete on true
         left join lateral (select max(started_at) as at from cloud_sweeps a where a.kind = w.kind) attempt on true
        where case when r.kind is not null
                then r.claimed_at is null and r.started_at < clock_timestamp() - $3 * interval '1 millisecond'
                else (complete.at is null or complete.at < clock_timestamp() - 2 * w.every_ms * interval '1 millisecond')
                 and (attempt.at is null or attempt.at < clock_timestamp() - w.every_ms * interval '1 millisecond') end`,
      [SWEEPS.map((sweep) => sweep.kind), SWEEPS.map((sweep) => sweep.sync.everyMs), UNCLAIMED_AFTER_MS],
    );
  }
}
