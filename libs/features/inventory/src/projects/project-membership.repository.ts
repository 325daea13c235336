import { CONFIG, type Config } from '#libs/config';
import type { Queryable } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { KINDS } from '../kinds';

/** One line of a project's resources. */
export interface Member {
  readonly projectId: string;
  readonly kind: string;
  /** The type in the URN, which may be an alias. */
  readonly urnType: string;
  readonly providerId: string;
  readonly urn: string;
  readonly assignedAt: string | null;
  /** The provider marks the line as unreliable (`not_found`, `service_down`). It neither adds nor strikes anything. */
  readonly uncertain: boolean;
}

/** The sweep with the walk that is applied. */
export interface MembershipSweep {
  readonly accountId: string;
  readonly kind: string;
  /** By the database's clock. */
  readonly startedAt: Date;
  /** Our ids of the projects that were walked. */
  readonly projectIds: readonly string[];
  /** The sweep is already suspect because of its projects or placeholder kinds. */
  readonly suspect: boolean;
}

interface UnseenMember {
  readonly id: string;
  readonly project_id: string;
  readonly kind: string;
  readonly provider_id: string;
  readonly missed_walks: number;
  readonly moved: boolean;
  readonly contradicted: boolean;
  readonly project_emptied: boolean;
}

/** The rows of a walk, as the statements below read them. $1 account, $2 members as JSON rows. */
const WALKED = `
walked as (
  select * from jsonb_to_recordset($2::jsonb) as w("projectId" uuid, kind text, "providerId" text, urn text, "assignedAt" timestamptz, uncertain boolean))`;

// The provider keeps every resource in some project, so many contradicted members mean that the walk was blind, not that the tenants are
// empty. A project that was not walked, because the list lacked it, keeps its members until it is known to be deleted. A member that joined
// after the walk's sweep began is not missing: its pages may have been read before a saga moved it.
/**
 * Current members that a complete walk did not list in their project. `moved`: another project lists the member now. `contradicted`: no
 * project lists it, but the list of its own kind still contains the resource.
 * $1 account, $2 members as JSON rows, $3 kinds with a list of their own, $4 projects walked, $5 sweep started at.
 */
const UNSEEN_MEMBERS = `
with ${WALKED}
select m.id, m.project_id, m.kind, m.provider_id, m.missed_walks, elsewhere.kind is not null as moved,
       coalesce(r.deleted_at is null and r.stale_strike_count = 0 and m.kind = any ($3::text[]), false) as contradicted,
       count(*) over (partition by m.project_id) = size.members as project_emptied
  from cloud_project_members m
  join cloud_projects p on p.id = m.project_id and (p.id = any ($4::uuid[]) or p.deleted_at is not null)
  join (select project_id, count(*) as members from cloud_project_members where member_until is null group by project_id) size
    on size.project_id = m.project_id
  left join (select distinct kind, "providerId", "projectId" from walked) here
    on here.kind = m.kind and here."providerId" = m.provider_id and here."projectId" = m.project_id
  left join (select distinct kind, "providerId" from walked where not uncertain) elsewhere
    on elsewhere.kind = m.kind and elsewhere."providerId" = m.provider_id
  left join cloud_resources r on r.account_id = m.account_id and r.kind = m.kind and r.provider_id = m.provider_id
 where m.account_id = $1 and m.member_until is null and m.member_since < $5 and here.kind is null`;

/**
 * Inserts new members, and updates known ones that changed. Unchanged members are filtered before the insert, because a conflict locks the
 * row and writes that lock, even when there is nothing to update.
 */
const UPSERT_MEMBERS = `
with ${WALKED}
insert into cloud_project_members as m (account_id, project_id, kind, provider_id, urn, assigned_at)
select distinct on (w.kind, w."providerId", w."projectId") $1, w."projectId", w.kind, w."providerId", w.urn, w."assignedAt"
  from walked w
  left join cloud_project_members k on k.account_id = $1 and k.project_id = w."projectId" and k.kind = w.kind
                                   and k.provider_id = w."providerId" and k.member_until is null
 where not w.uncertain and (k.id is null or k.missed_walks > 0 or k.assigned_at is distinct from w."assignedAt")
 order by w.kind, w."providerId", w."projectId", w."assignedAt" desc nulls last
on conflict (account_id, kind, provider_id, project_id) where member_until is null do update
   set assigned_at = excluded.assigned_at, missed_walks = 0`;

/**
 * Ends a membership at once when the resource is listed in another project, otherwise after the second complete walk that does not list it.
 * $1 ids that moved, $2 ids missed.
 */
const REMOVE_MEMBERS = `
update cloud_project_members m
   set missed_walks = m.missed_walks + 1,
       member_until = case when m.id = any ($1::uuid[]) or m.missed_walks >= 1 then clock_timestamp() end
 where m.id = any ($1::uuid[]) or m.id = any ($2::uuid[])`;

/** Counts a released walk as the first that missed these lines (`member/<project>/<kind>/<provider id>`). $1 sweep. */
const MISS_RELEASED_MEMBERS = `
update cloud_project_members m set missed_walks = greatest(m.missed_walks, 1)
  from cloud_sweeps s, unnest(s.missing) line
 where s.id = $1 and m.member_until is null and line = 'member/' || m.project_id || '/' || m.kind || '/' || m.provider_id`;

/** Writes `cloud_project_members` from a complete walk over all projects. */
@Injectable()
export class ProjectMembershipRepository {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /**
   * Adds and updates the members that the walk listed, and ends memberships that it did not list. A walk that is not trusted, because the
   * sweep is suspect for another reason or the walk appears blind, ends no membership for missing it. Returns the missed lines
   * (`member/<project>/<kind>/<provider id>`), for an operator to judge.
   */
  async applyWalk(tx: Queryable, sweep: MembershipSweep, walked: readonly Member[]): Promise<{ blind: boolean; missed: string[] }> {
    const rows = JSON.stringify(walked);
    const listed = KINDS.map((kind) => kind.kind);
    const unseen = await tx.query<UnseenMember>(UNSEEN_MEMBERS, [sweep.accountId, rows, listed, sweep.projectIds, sweep.startedAt]);
    await tx.query(UPSERT_MEMBERS, [sweep.accountId, rows]);
    const [moved, missed] = [unseen.filter((member) => member.moved), unseen.filter((member) => !member.moved)];
    const blind = await this.isBlind(tx, sweep, missed);
    const trusted = !blind && !sweep.suspect;
    await tx.query(REMOVE_MEMBERS, [moved.map(idOf), trusted ? missed.map(idOf) : []]);
    return { blind, missed: missed.map(lineOf) };
  }

  /** Counts the lines that a released walk missed as missed once. */
  async missReleased(tx: Queryable, sweepId: string): Promise<void> {
    await tx.query(MISS_RELEASED_MEMBERS, [sweepId]);
  }

  /** The vanish brake for memberships: many live resources that no project lists mean a blind walk, not empty projects. [INV-12] */
  private async isBlind(tx: Queryable, { accountId, kind }: MembershipSweep, missed: readonly UnseenMember[]): Promise<boolean> {
    const contradicted = missed.filter((member) => member.contradicted);
    if (contradicted.length === 0) return false;
    const [known] = await tx.query<{ current: number; released: string[] | null }>(
      `select (select count(*)::int from cloud_project_members where account_id = $1 and member_until is null) as current,
              (select array_agg(distinct line) from cloud_sweeps s, unnest(s.missing) line
                where s.kind = $2 and s.status = 'released' and s.released_at > clock_timestamp() - $3 * interval '1 millisecond') as released`,
      [accountId, kind, this.config.inventory.releaseCoversMs],
    );
    const released = new Set(known?.released);
    const open = contradicted.filter((member) => member.missed_walks === 0 || !released.has(lineOf(member))); // a release ends once it is seen
    const { vanishMin, vanishMaxRatio } = this.config.inventory;
    return open.length > Math.max(vanishMin, vanishMaxRatio * (known?.current ?? 0)) || emptiesSomeProject(open);
  }
}

/** True when a project would lose all of its members, three or more of them live: the response was empty, not the project. */
function emptiesSomeProject(members: readonly UnseenMember[]): boolean {
  const lost = new Map<string, number>();
  for (const member of members) if (member.project_emptied) lost.set(member.project_id, (lost.get(member.project_id) ?? 0) + 1);
  return [...lost.values()].some((count) => count >= 3);
}

function idOf(member: UnseenMember): string {
  return member.id;
}

function lineOf(member: UnseenMember): string {
  return `member/${member.project_id}/${member.kind}/${member.provider_id}`;
}
