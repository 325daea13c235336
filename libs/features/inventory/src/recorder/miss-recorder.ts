import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { appendFrom } from '#libs/events';
import { Inject, Injectable } from '@nestjs/common';
import type { Sweep, UnreadableItem } from '../entities/sweep.entity';
import { listedKind } from '../kinds';
import { missRules, type MissingRow, type MissSituation } from './decide-misses';
import type { SweepRef } from './resource-recorder';

/**
 * Set-based. Active rows of a kind that a complete list did not contain, with the figures for the vanish brake. Rows written after the
 * sweep began are not missing: their writer saw them later than the list did. A row that a saga or the action feed found by its id may be
 * missing until lists must contain it (`listed_by`). [INV-9] A release covers its missing ids until they are seen again, and for a bounded
 * time. [INV-5] $1 account, $2 kind, $3 sweep started at, $4 listed provider ids, $5 kind of the sweep, $6 how long a release covers, ms.
 */
const MISSING_ROWS = `
with released as (
  select missed, max(s.started_at) as swept_at from cloud_sweeps s, unnest(s.missing) missed
   where s.kind = $5 and s.status = 'released' and s.released_at > clock_timestamp() - $6 * interval '1 millisecond' group by missed)
select clock_timestamp() as now,
       (select count(*)::int from cloud_resources where account_id = $1 and kind = $2 and deleted_at is null) as active_rows,
       coalesce((select json_agg(json_build_object('id', r.id, 'providerId', r.provider_id, 'strikes', r.stale_strike_count,
                                                   'lastStrikeAt', r.last_strike_at,
                                                   'covered', coalesce(l.swept_at > r.recorded_at, false)) order by r.provider_id)
          from cloud_resources r left join released l on l.missed = r.kind || '/' || r.provider_id
         where r.account_id = $1 and r.kind = $2 and r.deleted_at is null and r.recorded_at < $3
           and (r.listed_by is null or r.listed_by <= clock_timestamp())
           and not exists (select 1 from unnest($4::text[]) listed(id) where listed.id = r.provider_id)), '[]') as missing`;

/** The event of each struck row that was not missing before. */
const APPEND_MISSING = `
new_events as (
  select 'resource.missing' as type, s.tenant_id, null::text as actor, false as by_platform, 'sweep' as source, 'resource' as subject_type,
         s.id::text as subject_id, s.name as subject_name, s.kind as subject_kind, s.id as resource_id,
         jsonb_build_object('sweep_id', $1::uuid, 'last_seen_at', s.last_seen_at) as data
    from struck s where s.stale_strike_count = 1),
appended as (${appendFrom('new_events')})`;

/**
 * Set-based. Strikes rows once, and turns the confirmed ones into tombstones with their event. The first strike sets `last_seen_at` to the
 * start of the last complete sweep before this one. A row that was written since the sweep began stays unchanged. The caller's transaction
 * has locked the sweep. $1 sweep, $2 row ids to strike, $3 row ids to tombstone, $4 sweep started at.
 */
const STRIKE_AND_TOMBSTONE = `
with struck as (
  update cloud_resources r
     set stale_strike_count = r.stale_strike_count + 1, last_strike_at = clock_timestamp(),
         last_seen_at = case when r.stale_strike_count > 0 then r.last_seen_at else greatest(r.last_seen_at, (
           select max(s.started_at) from cloud_sweeps s
            where s.kind = (select of.kind from cloud_sweeps of where of.id = $1) and s.status = 'complete' and s.started_at >= r.first_seen_at)) end
   where r.id = any ($2::uuid[]) and not r.id = any ($3::uuid[])
     and r.deleted_at is null and r.recorded_at < $4
  returning r.id, r.tenant_id, r.name, r.kind, r.stale_strike_count, r.last_seen_at),
${APPEND_MISSING},
tombstoned as (
  update cloud_resources r
     set status = 'deleted', deleted_at = clock_timestamp(), recorded_at = clock_timestamp(), changed_at = clock_timestamp(),
         stale_strike_count = least(r.stale_strike_count + 1, 32767)
    from (select id, status as was from cloud_resources where id = any ($3::uuid[]) and deleted_at is null and recorded_at < $4 for update) target
   where r.id = target.id
  returning r.id, r.tenant_id, target.was),
events as (
  insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
  select id, tenant_id, 'deleted', 'sweep', jsonb_build_object('status', jsonb_build_object('old', was, 'new', 'deleted')), $1 from tombstoned),
counts as (select (select count(*) from struck) as struck, (select count(*) from tombstoned) as tombstoned)
update cloud_sweeps s set struck = s.struck + c.struck + c.tombstoned, deleted = s.deleted + c.tombstoned from counts c where s.id = $1`;

/** Set-based. A listed object is not missing, even when it cannot be read. $1 account, $2 kind, $3 provider ids. */
const CLEAR_STRIKES = `
update cloud_resources set stale_strike_count = 0, last_strike_at = null
 where account_id = $1 and kind = $2 and provider_id = any ($3::text[]) and stale_strike_count > 0 and deleted_at is null`;

/**
 * Set-based. Strikes the rows that a released sweep missed and that have not been seen since, as far as the spacing of their kind
 * allows. $1 sweep, $2 spacing ms, $3 most strikes.
 */
const STRIKE_RELEASED = `
with struck as (
  update cloud_resources r
     set stale_strike_count = r.stale_strike_count + 1, last_strike_at = clock_timestamp(),
         last_seen_at = case when r.stale_strike_count > 0 then r.last_seen_at else greatest(r.last_seen_at, (
           select max(c.started_at) from cloud_sweeps c where c.kind = s.kind and c.status = 'complete' and c.started_at >= r.first_seen_at)) end
    from cloud_sweeps s, unnest(s.missing) missed
   where s.id = $1 and missed = r.kind || '/' || r.provider_id and r.account_id = s.account_id and r.deleted_at is null
     and r.recorded_at < s.started_at and r.stale_strike_count < $3
     and (r.last_strike_at is null or r.last_strike_at <= clock_timestamp() - $2 * interval '1 millisecond')
  returning r.id, r.tenant_id, r.name, r.kind, r.stale_strike_count, r.last_seen_at),
${APPEND_MISSING},
ledger as (
  update cloud_sweeps set struck = (select count(*) from struck) where id = $1)
select count(*)::int as struck from struck`;

/** Reads which rows a complete list missed, and writes strikes and tombstones into `cloud_resources`, with their events. */
@Injectable()
export class MissRecorder {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** `sweptAs` is the kind of the sweep: placeholder kinds are swept by the membership pass over the projects. */
  async findMissing(sweep: SweepRef, kind: string, listed: readonly string[], sweptAs: string): Promise<MissSituation> {
    type Row = { now: Date; active_rows: number; missing: (Omit<MissingRow, 'lastStrikeAt'> & { lastStrikeAt: string | null })[] };
    const [row] = await this.database.query<Row>(MISSING_ROWS, [
      sweep.accountId,
      kind,
      sweep.startedAt,
      listed,
      sweptAs,
      this.config.inventory.releaseCoversMs,
    ]);
    const missing = (row?.missing ?? []).map((one) => ({
      ...one,
      lastStrikeAt: one.lastStrikeAt === null ? null : new Date(one.lastStrikeAt),
    }));
    return { missing, activeRows: row?.active_rows ?? 0, seen: listed.length, now: row?.now ?? new Date(0) };
  }

  /** Adds one strike to each row of `strike` and turns each row of `tombstone` into one, in a transaction that has locked the sweep. */
  async strikeAndTombstone(tx: Queryable, sweep: SweepRef, strike: readonly MissingRow[], tombstone: readonly MissingRow[]): Promise<void> {
    if (strike.length + tombstone.length === 0) return;
    const ids = (rows: readonly MissingRow[]) => rows.map((row) => row.id);
    await tx.query(STRIKE_AND_TOMBSTONE, [sweep.id, ids(strike), ids(tombstone), sweep.startedAt]);
  }

  /** Removes the strikes of the rows with listed objects that could not be read. Their values stay. [TRU-3] */
  async clearStrikes(
    tx: Queryable,
    { accountId, kind }: SweepRef & { kind: string },
    unreadable: readonly UnreadableItem[],
  ): Promise<void> {
    const ids = unreadable.flatMap(({ object_id: id }) => (id === null ? [] : [id]));
    if (ids.length > 0) await tx.query(CLEAR_STRIKES, [accountId, kind, ids]);
  }

  /** Adds one strike to the rows that a released sweep missed. Returns how many rows got one. */
  async strikeReleased(tx: Queryable, { id, kind }: Pick<Sweep, 'id' | 'kind'>): Promise<number> {
    const { strikesToDelete, strikeSpacingMs } = missRules(this.config, listedKind(kind) ?? {});
    const [row] = await tx.query<{ struck: number }>(STRIKE_RELEASED, [id, strikeSpacingMs, strikesToDelete]);
    return row?.struck ?? 0;
  }
}
