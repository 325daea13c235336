import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { Inject, Injectable } from '@nestjs/common';
import { askedById } from './asked-by-id';
import { decideMisses, type MissDecision, type MissingRow } from '../recorder/decide-misses';
import { missRules } from '../recorder/miss-rules';
import type { SweepRun } from './sweep';
import { parseProject } from '../projects/project';

export interface ProjectMisses {
  readonly decision: MissDecision;
  readonly missing: readonly MissingRow[];
  /** Condemned projects that the provider no longer knows. */
  readonly gone: readonly MissingRow[];
}

/** Projects that a complete listing did not contain. $1 account, $2 sweep started at, $3 listed provider ids, $4 kind of the sweep, $5 how long a release covers, ms. */
const MISSING_PROJECTS = `
with released as (
  select missed, max(s.started_at) as swept_at from cloud_sweeps s, unnest(s.missing) missed
   where s.kind = $4 and s.status = 'released' and s.released_at > clock_timestamp() - $5 * interval '1 millisecond' group by missed)
select p.id, p.provider_id as "providerId", p.stale_strike_count as strikes, p.last_strike_at as "lastStrikeAt", clock_timestamp() as now,
       coalesce(l.swept_at > p.recorded_at, false) as covered,
       (select count(*)::int from cloud_projects where account_id = $1 and provider_id is not null and deleted_at is null) as active
  from cloud_projects p left join released l on l.missed = 'project/' || p.provider_id
 where p.account_id = $1 and p.provider_id is not null and p.deleted_at is null and p.recorded_at < $2 and not p.provider_id = any ($3::text[])`;

/** Projects disappear by the same rules as resources: strikes, spacing, the brake, and a 404 by id. */
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
    return { decision, missing: rows, gone: await this.confirm(run, decision.condemned) };
  }

  /** Strikes and tombstones in `cloud_projects`; a deleted project keeps its row, its names and its tenant. */
  async write(tx: Queryable, { decision, gone }: ProjectMisses): Promise<void> {
    const ids = (rows: readonly MissingRow[]) => rows.map((row) => row.id);
    await tx.query(
      `update cloud_projects set stale_strike_count = stale_strike_count + 1, last_strike_at = clock_timestamp(),
              deleted_at = case when id = any ($2::uuid[]) then clock_timestamp() end
        where id = any ($1::uuid[]) or id = any ($2::uuid[])`,
      [ids(decision.strike), ids(gone)],
    );
  }

  /** One strike for the projects that a released sweep missed and that nobody has seen since. */
  async release(tx: Queryable, sweepId: string): Promise<void> {
    await tx.query(
      `update cloud_projects p set stale_strike_count = p.stale_strike_count + 1, last_strike_at = clock_timestamp()
         from cloud_sweeps s, unnest(s.missing) missed
        where s.id = $1 and missed = 'project/' || p.provider_id and p.account_id = s.account_id and p.deleted_at is null
          and p.recorded_at < s.started_at and p.stale_strike_count < $2
          and (p.last_strike_at is null or p.last_strike_at <= clock_timestamp() - $3 * interval '1 millisecond')`,
      [sweepId, this.config.inventory.strikesToDelete, this.config.inventory.strikeSpacingMs],
    );
  }

  private async confirm(run: SweepRun, condemned: readonly MissingRow[]): Promise<MissingRow[]> {
    const gone: MissingRow[] = [];
    for (const row of condemned.slice(0, this.config.inventory.confirmationsPerSweep)) {
      const { purpose, fingerprint, signal } = run;
      const asked = this.provider.get({ purpose, fingerprint, path: pathOf(row.providerId), key: 'project', parse: parseProject, signal });
      if ((await askedById(asked)).proved === 'gone') gone.push(row);
      await run.progress.add({ calls: 1 });
    }
    return gone;
  }
}

function pathOf(providerId: string): string {
  return `/v2/projects/${encodeURIComponent(providerId)}`;
}
