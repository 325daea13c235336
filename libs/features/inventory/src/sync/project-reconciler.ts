import { parseProject } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { Inject, Injectable } from '@nestjs/common';
import { decideMisses, missRules, type MissDecision, type MissingRow } from '../recorder/decide-misses';
import { settleFetch } from './confirmation';
import type { SweepRun } from './sweep';

export interface ProjectMisses {
  readonly decision: MissDecision;
  readonly missing: readonly MissingRow[];
  /** Projects out of strikes for which the provider returned 404. */
  readonly deleted: readonly MissingRow[];
}

/**
 * Projects that a complete list did not contain.
 * $1 account, $2 sweep started at, $3 listed provider ids, $4 kind of the sweep, $5 how long a release covers, ms.
 */
const MISSING_PROJECTS = `
with released as (
  select missed, max(s.started_at) as swept_at from cloud_sweeps s, unnest(s.missing) missed
   where s.kind = $4 and s.status = 'released' and s.released_at > clock_timestamp() - $5 * interval '1 millisecond' group by missed)
select p.id, p.provider_id as "providerId", p.stale_strike_count as strikes, p.last_strike_at as "lastStrikeAt", clock_timestamp() as now,
       coalesce(l.swept_at > p.recorded_at, false) as covered,
       (select count(*)::int from cloud_projects where account_id = $1 and provider_id is not null and deleted_at is null) as active
  from cloud_projects p left join released l on l.missed = 'project/' || p.provider_id
 where p.account_id = $1 and p.provider_id is not null and p.deleted_at is null and p.recorded_at < $2 and not p.provider_id = any ($3::text[])`;

/** Deletes projects by the rules of resources: strikes, their spacing, the vanish brake, and a 404 by id. */
@Injectable()
export class ProjectReconciler {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async judge(run: SweepRun, listed: readonly string[]): Promise<ProjectMisses> {
    const { releaseCoversMs } = this.config.inventory;
    const rows = await this.database.query<MissingRow & { now: Date; active: number }>(MISSING_PROJECTS, [
      run.accountId,
      run.startedAt,
      listed,
      run.kind,
      releaseCoversMs,
    ]);
    const situation = { missing: rows, activeRows: rows[0]?.active ?? 0, seen: listed.length, now: rows[0]?.now ?? run.startedAt };
    const decision = decideMisses(situation, missRules(this.config, { fetch: { path: pathOf, key: 'project' } }));
    return { decision, missing: rows, deleted: await this.confirm(run, decision.tombstone) };
  }

  /** Writes strikes and tombstones into `cloud_projects`. A deleted project keeps its row, its names and its tenant. */
  async write(tx: Queryable, { decision, deleted }: ProjectMisses): Promise<void> {
    const ids = (rows: readonly MissingRow[]) => rows.map((row) => row.id);
    await tx.query(
      `update cloud_projects set stale_strike_count = stale_strike_count + 1, last_strike_at = clock_timestamp(),
              deleted_at = case when id = any ($2::uuid[]) then clock_timestamp() end
        where id = any ($1::uuid[]) or id = any ($2::uuid[])`,
      [ids(decision.strike), ids(deleted)],
    );
  }

  /** Adds one strike to the projects that a released sweep missed and that have not been seen since. */
  async strikeReleased(tx: Queryable, sweepId: string): Promise<void> {
    await tx.query(
      `update cloud_projects p set stale_strike_count = p.stale_strike_count + 1, last_strike_at = clock_timestamp()
         from cloud_sweeps s, unnest(s.missing) missed
        where s.id = $1 and missed = 'project/' || p.provider_id and p.account_id = s.account_id and p.deleted_at is null
          and p.recorded_at < s.started_at and p.stale_strike_count < $2
          and (p.last_strike_at is null or p.last_strike_at <= clock_timestamp() - $3 * interval '1 millisecond')`,
      [sweepId, this.config.inventory.strikesToDelete, this.config.inventory.strikeSpacingMs],
    );
  }

  private async confirm(run: SweepRun, rows: readonly MissingRow[]): Promise<MissingRow[]> {
    const deleted: MissingRow[] = [];
    for (const row of rows.slice(0, this.config.inventory.confirmationsPerSweep)) {
      const { purpose, fingerprint, signal } = run;
      const fetched = this.provider.get({
        purpose,
        fingerprint,
        path: pathOf(row.providerId),
        key: 'project',
        parse: parseProject,
        signal,
      });
      if ((await settleFetch(fetched)).outcome === 'not_found') deleted.push(row);
      await run.progress.addCounts({ calls: 1 });
    }
    return deleted;
  }
}

function pathOf(providerId: string): string {
  return `/v2/projects/${encodeURIComponent(providerId)}`;
}
