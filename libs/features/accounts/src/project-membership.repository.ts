import type { Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, type EntityManager, type Repository } from 'typeorm';
import { ProjectMember } from './entities/project-member.entity';
import { Project } from './entities/project.entity';

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

/** A complete walk over the members of projects. */
export interface CompleteWalk {
  readonly accountId: string;
  /** The start of the walk's sweep, by the database's clock. */
  readonly startedAt: Date;
  /** Our ids of the projects that were walked. */
  readonly projectIds: readonly string[];
}

/** A current member that a complete walk did not list in its project. */
export interface UnlistedMember {
  readonly id: string;
  readonly projectId: string;
  readonly kind: string;
  readonly providerId: string;
  readonly missedWalks: number;
  /** The walk listed the resource in another project. */
  readonly moved: boolean;
  /** The walk listed no current member of the project. */
  readonly projectEmptied: boolean;
}

/** A resource that a saga moved to a project, by the provider's ids of both. */
export interface JoinedMember {
  readonly accountId: string;
  readonly projectUuid: string;
  readonly kind: string;
  readonly providerId: string;
  readonly urn: string;
}

/** The only writer of `cloud_project_members`. The sweep of the projects in `inventory` decides which members are missing. */
@Injectable()
export class ProjectMembershipRepository {
  constructor(
    @InjectRepository(ProjectMember) private readonly members: Repository<ProjectMember>,
    @InjectRepository(Project) private readonly projects: Repository<Project>,
  ) {}

  /**
   * Adds and updates the members that the walk listed, and returns the current ones that it did not list. The caller judges those and
   * passes the ones to end to `remove`, in the same transaction.
   */
  async applyWalk(tx: Queryable, { accountId, startedAt, projectIds }: CompleteWalk, walked: readonly Member[]): Promise<UnlistedMember[]> {
    const rows = JSON.stringify(walked);
    const unlisted = await tx.query<UnlistedMember>(UNLISTED_MEMBERS, [accountId, rows, projectIds, startedAt]);
    await tx.query(UPSERT_MEMBERS, [accountId, rows]);
    return unlisted;
  }

  /** Ends the memberships that moved, and counts the missed ones: they end when two trusted walks in a row have missed them. */
  async remove(tx: Queryable, moved: readonly UnlistedMember[], missed: readonly UnlistedMember[]): Promise<void> {
    const ids = (members: readonly UnlistedMember[]) => members.map(({ id }) => id);
    await tx.query(REMOVE_MEMBERS, [ids(moved), ids(missed)]);
  }

  /** Counts a released walk as the first that missed these members, each a `memberLine`. */
  async missReleased(tx: Queryable, lines: readonly string[]): Promise<void> {
    await tx.query(MISS_RELEASED_MEMBERS, [lines]);
  }

  countCurrent(em: EntityManager, accountId: string): Promise<number> {
    return em.countBy(ProjectMember, { accountId, memberUntil: IsNull() });
  }

  /** The current members of live projects other than these. */
  listOutside(accountId: string, projectIds: readonly string[]): Promise<Pick<ProjectMember, 'kind' | 'providerId'>[]> {
    return this.members
      .createQueryBuilder('m')
      .select(['m.id', 'm.kind', 'm.providerId'])
      .innerJoin(Project, 'p', 'p.id = m.projectId and p.deletedAt is null')
      .where('m.accountId = :accountId and m.memberUntil is null and not p.id = any (:projectIds::uuid[])', { accountId, projectIds })
      .getMany();
  }

  /**
   * The provider's id of the last project to which a resource was moved after it had left this one; undefined when it has not left it. The
   * ids of resources are the provider's.
   */
  async projectAfterLeaving(
    projectUuid: string,
    { kind, providerId }: Pick<JoinedMember, 'kind' | 'providerId'>,
  ): Promise<string | undefined> {
    const next = await this.members
      .createQueryBuilder('m')
      .select('p.providerId', 'uuid')
      .innerJoin(Project, 'p', 'p.id = m.projectId and p.providerId <> :projectUuid', { projectUuid })
      .innerJoin(Project, 'q', 'q.accountId = p.accountId and q.providerId = :projectUuid')
      .innerJoin(ProjectMember, 'l', 'l.projectId = q.id and l.kind = m.kind and l.providerId = m.providerId')
      .where('m.kind = :kind and m.providerId = :providerId', { kind, providerId })
      .andWhere('l.memberUntil is not null and l.memberSince < m.memberSince')
      .orderBy('m.memberSince', 'DESC')
      .limit(1)
      .getRawOne<{ uuid: string }>();
    return next?.uuid;
  }

  /** Adds the member that the next walk will list. A known member, and one of a project that is not mirrored, changes nothing. */
  async join({ accountId, projectUuid, kind, providerId, urn }: JoinedMember): Promise<void> {
    const project = await this.projects.findOneBy({ accountId, providerId: projectUuid, deletedAt: IsNull() });
    if (!project) return;
    const member = { accountId, projectId: project.id, kind, providerId, urn, assignedAt: () => 'clock_timestamp()' };
    await this.members.createQueryBuilder().insert().values(member).orIgnore().updateEntity(false).execute();
  }
}

/** The text by which the ledger of sweeps names a missing member: `member/<project>/<kind>/<provider id>`. */
export function memberLine({ projectId, kind, providerId }: Pick<UnlistedMember, 'projectId' | 'kind' | 'providerId'>): string {
  return `${MEMBER_LINE}${projectId}/${kind}/${providerId}`;
}

const MEMBER_LINE = 'member/';

/** The rows of a walk, as the statements below read them. $1 account, $2 members as JSON rows. */
const WALKED = `
walked as (
  select * from jsonb_to_recordset($2::jsonb) as w("projectId" uuid, kind text, "providerId" text, urn text, "assignedAt" timestamptz, uncertain boolean))`;

// A project that was not walked, because the list lacked it, keeps its members until it is known to be deleted. A member that joined after
// the walk's sweep began is not missing: its pages may have been read before a saga moved it.
/**
 * Set-based: current members that a complete walk did not list in their project.
 * $1 account, $2 members as JSON rows, $3 projects walked, $4 sweep started at.
 */
const UNLISTED_MEMBERS = `
with ${WALKED}
select m.id, m.project_id as "projectId", m.kind, m.provider_id as "providerId", m.missed_walks as "missedWalks",
       elsewhere.kind is not null as moved, count(*) over (partition by m.project_id) = size.members as "projectEmptied"
  from cloud_project_members m
  join cloud_projects p on p.id = m.project_id and (p.id = any ($3::uuid[]) or p.deleted_at is not null)
  join (select project_id, count(*) as members from cloud_project_members where member_until is null group by project_id) size
    on size.project_id = m.project_id
  left join (select distinct kind, "providerId", "projectId" from walked) here
    on here.kind = m.kind and here."providerId" = m.provider_id and here."projectId" = m.project_id
  left join (select distinct kind, "providerId" from walked where not uncertain) elsewhere
    on elsewhere.kind = m.kind and elsewhere."providerId" = m.provider_id
 where m.account_id = $1 and m.member_until is null and m.member_since < $4 and here.kind is null`;

/**
 * Set-based: inserts new members, and updates known ones that changed. Unchanged members are filtered before the insert, because a conflict
 * locks the row and writes that lock, even when there is nothing to update.
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
 * Set-based: ends a membership at once when the resource is listed in another project, otherwise after the second complete walk that does
 * not list it. $1 ids that moved, $2 ids missed.
 */
const REMOVE_MEMBERS = `
update cloud_project_members m
   set missed_walks = m.missed_walks + 1,
       member_until = case when m.id = any ($1::uuid[]) or m.missed_walks >= 1 then clock_timestamp() end
 where m.id = any ($1::uuid[]) or m.id = any ($2::uuid[])`;

/** Set-based. $1 lines of missing members. */
const MISS_RELEASED_MEMBERS = `
update cloud_project_members m set missed_walks = greatest(m.missed_walks, 1)
  from unnest($1::text[]) line
 where m.member_until is null and line = '${MEMBER_LINE}' || m.project_id || '/' || m.kind || '/' || m.provider_id`;
