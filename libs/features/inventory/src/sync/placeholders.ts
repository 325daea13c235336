import { ProjectMembershipRepository, type Member } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { KINDS, listedKind, PROJECT_SWEEP } from '../kinds';
import type { Kind } from '../kinds/kind';
import { observePlaceholder, placeholderKind } from '../kinds/placeholder.kind';
import { decideMisses, missRules, type MissDecision, type MissingRow } from '../recorder/decide-misses';
import { MissRecorder } from '../recorder/miss-recorder';
import { ResourceRecorder } from '../recorder/resource-recorder';
import type { KnownBuckets } from './spaces-buckets';
import type { SweepRun } from './sweep';
import { SweepLedger } from './sweep-ledger';

export interface PlaceholderMisses {
  readonly suspect: MissDecision['suspect'];
  readonly strike: readonly MissingRow[];
  readonly tombstone: readonly MissingRow[];
  /** `<kind>/<provider id>` of every missing row. */
  readonly missing: readonly string[];
}

/**
 * Records, strikes and deletes rows of kinds without a list of their own, or with one that the provider does not let us read: the member
 * lists of projects take its place. [INV-11] [KND-2] Such a row gets its details in place with the first list.
 */
@Injectable()
export class Placeholders {
  constructor(
    private readonly database: Database,
    private readonly members: ProjectMembershipRepository,
    private readonly recorder: ResourceRecorder,
    private readonly misses: MissRecorder,
    private readonly ledger: SweepLedger,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async record(run: SweepRun, walked: readonly Member[], buckets: KnownBuckets, requestedAt: Date): Promise<void> {
    const unavailable = await this.ledger.unavailableKinds();
    const certain: PlaceholderMember[] = [...walked.filter((member) => !member.uncertain), ...bucketMembers(buckets)];
    for (const [kind, members] of byKind(certain, unavailable)) {
      const ids = new Set(members.map((member) => member.providerId));
      const page = [...ids].map((id) => observePlaceholder(kind, id, kind === BUCKET ? buckets.details.get(id) : undefined));
      await run.progress.addCounts(
        await this.recorder.recordPage(run, placeholderOf(kind, members[0]?.urnType ?? kind), page, requestedAt),
      );
    }
  }

  /**
   * Decides on the rows that no project lists after a complete walk. An uncertain line counts as neither seen nor missed, and so do the
   * members of a project that was not walked because the list lacked it.
   */
  async judge(
    run: SweepRun,
    walkedProjects: readonly string[],
    walked: readonly Member[],
    buckets: KnownBuckets,
  ): Promise<PlaceholderMisses> {
    const unavailable = await this.ledger.unavailableKinds();
    const elsewhere = await this.members.listOutside(run.accountId, walkedProjects);
    const listed = byKind<Pick<Member, 'kind' | 'providerId'>>([...walked, ...elsewhere, ...bucketMembers(buckets)], unavailable);
    const kinds = await this.knownKinds(run.accountId, unavailable);
    const judgedKinds = kinds.filter((kind) => kind !== BUCKET || !buckets.uncertain);
    const judged = await Promise.all(
      judgedKinds.map(async (kind) => {
        const ids = (listed.get(kind) ?? []).map((member) => member.providerId);
        const situation = await this.misses.findMissing(run, kind, ids, PROJECT_SWEEP.kind);
        return { kind, situation, decision: decideMisses(situation, missRules(this.config, {})) };
      }),
    );
    const suspects = judged.filter(({ decision }) => decision.suspect);
    return {
      suspect: suspects[0]?.decision.suspect ?? null,
      strike: judged.flatMap(({ decision }) => decision.strike),
      tombstone: judged.flatMap(({ decision }) => decision.tombstone),
      missing: judged.flatMap(({ kind, situation }) => situation.missing.map((row) => `${kind}/${row.providerId}`)),
    };
  }

  async write(tx: Queryable, run: SweepRun, { strike, tombstone }: PlaceholderMisses): Promise<void> {
    await this.misses.strikeAndTombstone(tx, run, strike, tombstone);
  }

  private async knownKinds(accountId: string, unavailable: ReadonlySet<string>): Promise<string[]> {
    const rows = await this.database.query<{ kind: string }>(
      'select distinct kind from cloud_resources where account_id = $1 and not kind = any ($2::text[]) and deleted_at is null order by kind',
      [accountId, KINDS.map(({ kind }) => kind).filter((kind) => !unavailable.has(kind))],
    );
    return rows.map((row) => row.kind);
  }
}

const BUCKET = 'spaces_bucket';

type PlaceholderMember = Pick<Member, 'kind' | 'providerId' | 'urnType'>;

/** The buckets that the object storage lists, whether or not a project does. */
function bucketMembers({ listed = [] }: KnownBuckets): PlaceholderMember[] {
  return listed.map((providerId) => ({ kind: BUCKET, urnType: 'space', providerId }));
}

/** The declaration under which a placeholder is recorded: of its kind where that has one, for its URN. */
function placeholderOf(kind: string, urnType: string): Kind {
  return listedKind(kind) ?? placeholderKind(urnType);
}

function byKind<M extends Pick<Member, 'kind'>>(members: readonly M[], unavailable: ReadonlySet<string>): Map<string, M[]> {
  const kinds = new Map<string, M[]>();
  for (const member of members) {
    if (listedKind(member.kind) && !unavailable.has(member.kind)) continue; // the membership only attributes it: its own list decides whether it exists
    const known = kinds.get(member.kind);
    if (known) known.push(member);
    else kinds.set(member.kind, [member]);
  }
  return kinds;
}
