import { memberLine, parseProject, ProjectMembershipRepository, ProjectMirror, type Member, type UnlistedMember } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { Database, queryableOf, type Queryable } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { listedKind } from '../kinds';
import { decideMisses, missRules, type MissDecision, type MissingRow } from '../recorder/decide-misses';
import { settleFetch } from './confirmation';
import type { SweepRun } from './sweep';

export interface ProjectMisses {
  readonly decision: MissDecision;
  readonly missing: readonly MissingRow[];
  /** Projects out of strikes for which the provider returned 404. */
  readonly deleted: readonly MissingRow[];
}

/** The walk over the members of these projects. `trusted`: nothing else makes its sweep suspect. */
interface MemberWalk {
  readonly projectIds: readonly string[];
  readonly trusted: boolean;
}

/**
 * Set-based: projects that a complete list did not contain.
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

/** Set-based: the lines of the sweeps of a kind that were released lately. $1 kind, $2 how long a release covers, ms. */
const RELEASED_LINES = `
select distinct line from cloud_sweeps s, unnest(s.missing) line
 where s.kind = $1 and s.status = 'released' and s.released_at > clock_timestamp() - $2 * interval '1 millisecond'`;

/** Fenced: reads under the row lock of the release. The time is text, because a Date loses microseconds. $1 sweep. */
const RELEASED_SWEEP = `
select account_id as "accountId", started_at::text as "sweptFrom", coalesce(missing, '{}') as missing from cloud_sweeps where id = $1`;

/** Set-based: the resources among these that the last complete list of their kind contained. $1 account, $2 kinds, $3 provider ids. */
const LIVE_RESOURCES = `
select r.kind, r.provider_id as "providerId"
  from cloud_resources r join unnest($2::text[], $3::text[]) m(kind, provider_id) on r.kind = m.kind and r.provider_id = m.provider_id
 where r.account_id = $1 and r.deleted_at is null and r.stale_strike_count = 0`;

const PROJECT_LINE = 'project/';
const MEMBER_LINE = 'member/';

/**
 * Deletes projects by the rules of resources: strikes, their spacing, the vanish brake, and a 404 by id. Ends memberships that a complete
 * walk missed, unless the walk appears blind. `accounts` writes both.
 */
@Injectable()
export class ProjectReconciler {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly mirror: ProjectMirror,
    private readonly members: ProjectMembershipRepository,
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

  /** Writes strikes and tombstones. A deleted project keeps its row, its names and its tenant. */
  async write(tx: Queryable, { decision, deleted }: ProjectMisses): Promise<void> {
    const ids = (rows: readonly MissingRow[]) => rows.map((row) => row.id);
    await this.mirror.strike(tx, ids(decision.strike), ids(deleted));
  }

  /**
   * Writes the members that a complete walk listed, and ends memberships that it did not list. A walk that is not trusted or appears blind
   * ends no membership for missing it. Returns the missed lines (`member/<project>/<kind>/<provider id>`), for an operator to judge.
   */
  async applyWalk(
    em: EntityManager,
    run: SweepRun,
    { projectIds, trusted }: MemberWalk,
    walked: readonly Member[],
  ): Promise<{ blind: boolean; missed: string[] }> {
    const tx = queryableOf(em);
    const unlisted = await this.members.applyWalk(tx, { ...run, projectIds }, walked);
    const missed = unlisted.filter(({ moved }) => !moved);
    const blind = await this.isBlind(em, run, missed);
    const moved = unlisted.filter((member) => member.moved);
    await this.members.remove(tx, moved, trusted && !blind ? missed : []);
    return { blind, missed: missed.map(memberLine) };
  }

  /**
   * Adds one strike to the projects that a released sweep missed and that have not been seen since, and counts the members that it missed
   * as missed once.
   */
  async strikeReleased(tx: Queryable, sweepId: string): Promise<void> {
    type Released = { accountId: string | null; sweptFrom: string; missing: string[] };
    const [released] = await tx.query<Released>(RELEASED_SWEEP, [sweepId]);
    if (!released) return;
    const { missing, ...sweep } = released;
    const linesOf = (prefix: string) => missing.filter((line) => line.startsWith(prefix));
    const providerIds = linesOf(PROJECT_LINE).map((line) => line.slice(PROJECT_LINE.length));
    const { strikesToDelete: mostStrikes, strikeSpacingMs } = this.config.inventory;
    if (providerIds.length > 0) await this.mirror.strikeReleased(tx, { ...sweep, providerIds, mostStrikes, strikeSpacingMs });
    const memberLines = linesOf(MEMBER_LINE);
    if (memberLines.length > 0) await this.members.missReleased(tx, memberLines);
  }

  /**
   * The vanish brake for memberships. The provider keeps every resource in some project, so many live resources that no project lists mean
   * a blind walk, not empty projects. [INV-12]
   */
  private async isBlind(em: EntityManager, { accountId, kind }: SweepRun, missed: readonly UnlistedMember[]): Promise<boolean> {
    const tx = queryableOf(em);
    const contradicted = await this.liveAmong(tx, accountId, missed);
    if (contradicted.length === 0) return false;
    const lines = await tx.query<{ line: string }>(RELEASED_LINES, [kind, this.config.inventory.releaseCoversMs]);
    const released = new Set(lines.map(({ line }) => line));
    // a release ends once the member is seen
    const open = contradicted.filter((member) => member.missedWalks === 0 || !released.has(memberLine(member)));
    const { vanishMin, vanishMaxRatio } = this.config.inventory;
    const current = await this.members.countCurrent(em, accountId);
    return open.length > Math.max(vanishMin, vanishMaxRatio * current) || emptiesSomeProject(open);
  }

  /** The members that the list of their own kind still contains. */
  private async liveAmong(tx: Queryable, accountId: string, missed: readonly UnlistedMember[]): Promise<UnlistedMember[]> {
    const asked = missed.filter((member) => listedKind(member.kind));
    if (asked.length === 0) return [];
    const ids = [asked.map(({ kind }) => kind), asked.map(({ providerId }) => providerId)];
    const rows = await tx.query<{ kind: string; providerId: string }>(LIVE_RESOURCES, [accountId, ...ids]);
    const live = new Set(rows.map(({ kind, providerId }) => `${kind}/${providerId}`));
    return asked.filter(({ kind, providerId }) => live.has(`${kind}/${providerId}`));
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

/** True when a project would lose all of its members, three or more of them live: the response was empty, not the project. */
function emptiesSomeProject(members: readonly UnlistedMember[]): boolean {
  const lost = new Map<string, number>();
  for (const member of members) if (member.projectEmptied) lost.set(member.projectId, (lost.get(member.projectId) ?? 0) + 1);
  return [...lost.values()].some((count) => count >= 3);
}
