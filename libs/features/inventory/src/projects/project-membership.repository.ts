import { CONFIG, type Config } from '#libs/config';
import type { Queryable } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { KINDS } from '../kinds';
import type { Member } from '../sync/membership-walk';
import { KEEP_MEMBERS, REMOVE_MEMBERS, MISS_RELEASED_MEMBERS, UNSEEN_MEMBERS } from './membership.sql';

/** The sweep whose walk is applied. */
export interface MembershipSweep {
  readonly accountId: string;
  readonly kind: string;
  /** By the database's clock. */
  readonly startedAt: Date;
  /** Our ids of the projects that were walked. */
  readonly projectIds: readonly string[];
  /** Suspect already, for what it says of projects or placeholder kinds. */
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

/** Writes `cloud_project_members` from a complete walk over all projects. */
@Injectable()
export class ProjectMembershipRepository {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /**
   * Keeps and adds what the walk showed, and lets go of what it missed. A walk that is not believed, because the sweep is suspect for
   * another reason or because it looks blind, takes nothing from anybody: it answers the lines it missed
   * (`member/<project>/<kind>/<provider id>`), for an operator to judge.
   */
  async apply(tx: Queryable, sweep: MembershipSweep, walked: readonly Member[]): Promise<{ blind: boolean; missed: string[] }> {
    const rows = JSON.stringify(walked);
    const listed = KINDS.map((kind) => kind.kind);
    const unseen = await tx.query<UnseenMember>(UNSEEN_MEMBERS, [sweep.accountId, rows, listed, sweep.projectIds, sweep.startedAt]);
    await tx.query(KEEP_MEMBERS, [sweep.accountId, rows]);
    const [moved, missed] = [unseen.filter((member) => member.moved), unseen.filter((member) => !member.moved)];
    const blind = await this.looksBlind(tx, sweep, missed);
    const held = blind || sweep.suspect;
    await tx.query(REMOVE_MEMBERS, [moved.map(idOf), held ? [] : missed.map(idOf)]);
    return { blind, missed: missed.map(lineOf) };
  }

  /** What a released walk missed has been missed once, with an operator's word for it. */
  async release(tx: Queryable, sweepId: string): Promise<void> {
    await tx.query(MISS_RELEASED_MEMBERS, [sweepId]);
  }

  /** The vanish brake for memberships: living resources that no project shows are a contradiction, and many of them a blind walk (INV-12). */
  private async looksBlind(tx: Queryable, { accountId, kind }: MembershipSweep, missed: readonly UnseenMember[]): Promise<boolean> {
    const contradicted = missed.filter((member) => member.contradicted);
    if (contradicted.length === 0) return false;
    const [known] = await tx.query<{ current: number; released: string[] | null }>(
      `select (select count(*)::int from cloud_project_members where account_id = $1 and member_until is null) as current,
              (select array_agg(distinct line) from cloud_sweeps s, unnest(s.missing) line
                where s.kind = $2 and s.status = 'released' and s.released_at > clock_timestamp() - $3 * interval '1 millisecond') as released`,
      [accountId, kind, this.config.inventory.releaseCoversMs],
    );
    const released = new Set(known?.released);
    const open = contradicted.filter((member) => member.missed_walks === 0 || !released.has(lineOf(member))); // seen since: no longer released
    const { vanishMin, vanishMaxRatio } = this.config.inventory;
    return open.length > Math.max(vanishMin, vanishMaxRatio * (known?.current ?? 0)) || emptiesSomeProject(open);
  }
}

/** Three or more living members gone at once, and nothing left: an empty answer, not an empty project. */
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
