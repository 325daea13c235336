import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { Inject, Injectable } from '@nestjs/common';
import { SWEEPS } from '../kinds';
import { callIntervalsMs } from './sweep';
import { RECHECK_MS, SweepLedger } from './sweep-ledger';

/** A request that no worker has claimed within this time has lost its job: it is enqueued again. */
const UNCLAIMED_AFTER_MS = 2_000;

/** The pause before the first retry of an incomplete sweep. Each further pause is twice as long, up to the cadence of the kind. */
const FIRST_RETRY_MS = 30_000;
/** Without a complete sweep of any kind for this time before an incomplete one, the provider as a whole was out. */
const OUTAGE_MS = 120_000;

/**
 * Set-based: one statement for all kinds, by the indexes of each kind. $1 kinds, $2 cadences in ms, $3 unclaimed after ms, $4 first retry
 * after ms, $5 outage ms, $6 for each kind the ms that a call must be apart from the next to stay within its share of the token, $7 ms after
 * which a list that was not available or not used is read again, $8 cadences after which a kind is overdue.
 */
const DUE_SWEEPS = `
select w.kind, case when r.kind is not null then 'manual' when again.due then 'schedule' else 'first' end as trigger
  from unnest($1::text[], $2::bigint[], $6::float8[]) w(kind, every_ms, call_ms)
  left join cloud_sweeps r on r.kind = w.kind and r.status = 'running'
  left join lateral (select c.started_at as at, c.unused from cloud_sweeps c where c.kind = w.kind and c.status = 'complete'
                      order by c.started_at desc limit 1) complete on true
  left join lateral (select a.status, a.started_at, a.finished_at, a.calls from cloud_sweeps a where a.kind = w.kind
                      order by a.started_at desc limit 1) attempt on true
  left join lateral (
    select attempt.status = 'incomplete' and (
             attempt.finished_at < clock_timestamp() - greatest(least($4::float8 * 2 ^ (failed.times - 1), w.every_ms), attempt.calls * w.call_ms) * interval '1 millisecond'
             or (exists (select from cloud_sweeps c where c.kind = any ($1) and c.status = 'complete' and c.started_at > attempt.finished_at)
                 and not exists (select from cloud_sweeps c where c.kind = any ($1) and c.status = 'complete' and c.finished_at <= attempt.finished_at
                                  and c.started_at > attempt.started_at - $5 * interval '1 millisecond'))) as due
      from (select count(*) as times from (select from cloud_sweeps f where f.kind = w.kind and f.status = 'incomplete'
                                            and f.started_at > coalesce(complete.at, '-infinity') order by f.started_at desc limit 10) f) failed) again on true
 where case when r.kind is not null
         then r.claimed_at is null and r.started_at < clock_timestamp() - $3 * interval '1 millisecond'
         else again.due is true
           or ((complete.at is null or complete.at < clock_timestamp() - greatest($8::int * w.every_ms, case when complete.unused then $7::float8 + w.every_ms end) * interval '1 millisecond')
           and (attempt.started_at is null or attempt.started_at < clock_timestamp() - case when attempt.status = 'not_available' then $7::float8 else w.every_ms end * interval '1 millisecond')) end`;

/**
 * Finds the sweeps that should run but have no job: kinds that were never swept, or that are overdue by twice their cadence, unless an
 * attempt began within the last cadence; kinds with an incomplete last sweep, after a pause that grows with each one, or at once after an
 * outage of the provider; and requested sweeps with a lost job. A queue may lose all of its jobs: this finds them again. With `ticksLost`,
 * once lost schedules have been restored, a kind is overdue after one cadence: the tick that would have swept it is gone. [OPS-4]
 */
@Injectable()
export class DueSweeps {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly ledger: SweepLedger,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async find({ ticksLost = false } = {}): Promise<{ kind: string; trigger: 'first' | 'manual' | 'schedule' }[]> {
    if (!this.provider.configured) return [];
    await this.ledger.closeLapsed();
    return this.database.query(DUE_SWEEPS, [
      SWEEPS.map((sweep) => sweep.kind),
      SWEEPS.map((sweep) => sweep.sync.everyMs),
      UNCLAIMED_AFTER_MS,
      FIRST_RETRY_MS,
      OUTAGE_MS,
      callIntervalsMs(SWEEPS, this.config.provider), // of one call: the interval grows with the number of calls
      RECHECK_MS,
      ticksLost ? 1 : 2,
    ]);
  }
}
