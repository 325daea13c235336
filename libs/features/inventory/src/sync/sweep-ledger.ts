import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { appendFrom } from '#libs/events';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { Sweep, type SweepStatus, type SweepTrigger, type UnreadableItem } from '../entities/sweep.entity';
import { SweepLeaseLostError, SweepNotFoundError } from '../inventory.errors';
import { callIntervalsMs, minSweepIntervalMs, type SweepCounts } from './sweep';
import { SELDOM_KINDS, SWEEPS, type SweptKind } from '../kinds';

/** How long a requested sweep waits for a worker before it is closed as never started. */
const UNCLAIMED_LIMIT_MS = 120_000;

/** After a 403 no scheduled sweep of the kind starts for at least this time; a manual one may. */
const LEAST_PAUSE_MS = 60_000;

/** A list that was not available, or that the account does not use, is read again after a day, a few minutes earlier where a tick falls there. [KND-2, KND-3] */
export const RECHECK_MS = 86_400_000;
const RECHECK_TOLERANCE_MS = 300_000;

/** Fenced: claims the sweep's lease. $1 kind, $2 trigger, $3 lease in ms. */
const OPEN_SWEEP = `
with claimed as (
  update cloud_sweeps set claimed_at = clock_timestamp(), started_at = clock_timestamp(),
         lease_until = clock_timestamp() + $3 * interval '1 millisecond'
   where kind = $1 and status = 'running' and claimed_at is null returning id, started_at as "startedAt"),
opened as (
  insert into cloud_sweeps (kind, trigger, claimed_at, lease_until)
  select $1, $2, clock_timestamp(), clock_timestamp() + $3 * interval '1 millisecond' where not exists (select 1 from claimed)
  on conflict (kind) where status = 'running' do nothing returning id, started_at as "startedAt")
select * from claimed union all select * from opened`;

/** Fenced: checks and renews the sweep's lease. $1 sweep, $2 lease in ms, from $3 on the counters or null. */
const SAVE_PROGRESS = `
update cloud_sweeps set lease_until = clock_timestamp() + $2 * interval '1 millisecond', pages_done = coalesce($3, pages_done),
       pages_expected = coalesce($4, pages_expected), calls = coalesce($5, calls), seen = coalesce($6, seen),
       discovered = coalesce($7, discovered), updated = coalesce($8, updated), restored = coalesce($9, restored)
 where id = $1 and status = 'running' and lease_until > clock_timestamp() returning id`;

/** Fenced: checks the sweep's lease and locks its row. $1 sweep. */
const LOCK_SWEEP = `select 1 from cloud_sweeps where id = $1 and status = 'running' and lease_until > clock_timestamp() for update`;

/** Without a complete sweep for so many of its intervals, and this time, a kind is stalled: `ArcadiaInventoryStale` has the same limit. */
const STALLED_INTERVALS = 4;
const STALLED_AFTER_MS = 300_000;

/**
 * The events of sweeps that a statement has `closed`. A kind is stalled from the first sweep on that ends without being complete after the
 * limit; it recovers with its next complete sweep, as after a suspect one. All of it follows from the ledger, so nothing is stored for it.
 * A kind that is not available is never stalled; the first sweep that finds it so has an event [KND-2]. $1 kinds, $2 their cadences in ms, $3 for each the ms that a call must be apart from the next
 * to stay within its share of the token.
 */
const APPEND_CLOSED = `
judged as (
  select c.*, done.at as complete_at, last.status as last_status,
         coalesce(done.at, first.at) + (${STALLED_INTERVALS} * greatest(w.every_ms, w.call_ms * coalesce(done.calls, 0), case when done.unused then ${RECHECK_MS} end) + ${STALLED_AFTER_MS}) * interval '1 millisecond' as limit_at
    from closed c join unnest($1::text[], $2::float8[], $3::float8[]) w(kind, every_ms, call_ms) on w.kind = c.kind
    left join lateral (select p.started_at as at, p.calls, p.unused from cloud_sweeps p where p.kind = c.kind and p.status = 'complete' order by p.started_at desc limit 1) done on true
    left join lateral (select min(p.started_at) as at from cloud_sweeps p where p.kind = c.kind) first on true
    left join lateral (select p.status from cloud_sweeps p where p.kind = c.kind and p.id <> c.id and p.status <> 'running' order by p.started_at desc limit 1) last on true),
compared as (
  select j.*, coalesce(bad.last_at > j.limit_at, false) as was_stalled, coalesce(bad.suspect, false) as was_suspect
    from judged j
    left join lateral (select max(p.finished_at) as last_at, bool_or(p.status in ('suspect', 'released')) as suspect from cloud_sweeps p
                        where p.kind = j.kind and p.id <> j.id and p.started_at >= coalesce(j.complete_at, '-infinity')
                          and p.status not in ('complete', 'running', 'not_available')) bad on true),
new_events as (
  select w.type, null::text as tenant_id, null::text as actor, false as by_platform, 'sweep' as source, 'sweep' as subject_type, c.id::text as subject_id,
         c.kind as subject_name, c.kind as subject_kind, null::uuid as resource_id,
         jsonb_build_object('reason', c.reason, 'missing', cardinality(c.missing), 'last_complete_at', c.complete_at) as data
    from compared c cross join lateral (values
           ('kind.not_available', c.status = 'not_available' and c.last_status is distinct from 'not_available'),
           ('sweep.suspect', c.status = 'suspect' and c.last_status is distinct from 'suspect'),
           ('sweep.stalled', c.status not in ('complete', 'not_available') and clock_timestamp() > c.limit_at and not c.was_stalled),
           ('sweep.recovered', c.status = 'complete' and (c.was_stalled or c.was_suspect))) w(type, holds)
   where w.holds),
appended as (${appendFrom('new_events')})`;

/** Fenced: it ends the lease, and replaces earlier suspect sweeps in the same statement. $4 sweep, $5 status, $6 reason, $7 missing ids,
 *  $8 kinds with lists that may be read once a day. */
const CLOSE_SWEEP = `
with closed as (
  update cloud_sweeps c set status = $5, reason = $6, missing = $7::text[], finished_at = clock_timestamp(),
         unused = $5 = 'complete' and c.kind = any ($8::text[]) and c.seen + c.unreadable_count = 0
                  and not exists (select from cloud_resources r where r.kind = c.kind and r.deleted_at is null)
                  and not exists (select from cloud_project_members m where m.account_id = c.account_id and m.kind = c.kind and m.member_until is null)
   where id = $4 and status = 'running' returning *),
replaced as (
  update cloud_sweeps s set missing = null from closed
   where $5 in ('suspect', 'complete') and s.kind = closed.kind and s.id <> closed.id and s.status = 'suspect' and s.missing is not null),
${APPEND_CLOSED}
select id from closed`;

/** Set-based: closes all sweeps with a lapsed lease. */
const CLOSE_LAPSED = `
with closed as (
  update cloud_sweeps set status = 'incomplete', finished_at = clock_timestamp(), reason = case when claimed_at is null then 'never_started' else 'lease_lapsed' end
   where status = 'running' and lease_until <= clock_timestamp() returning *),
${APPEND_CLOSED}
select id from closed`;

/**
 * The ledger of sweeps, `cloud_sweeps`. A unique index allows one running sweep per kind. Its right to write is a lease by the database's
 * clock, which a heartbeat and each saved progress renew and every write checks.
 */
@Injectable()
export class SweepLedger {
  constructor(
    private readonly database: Database,
    @InjectRepository(Sweep) private readonly sweeps: Repository<Sweep>,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Starts a sweep of the kind, or claims a requested one. Returns undefined when one runs already. */
  async openSweep(kind: string, trigger: SweepTrigger): Promise<Pick<Sweep, 'id' | 'startedAt'> | undefined> {
    await this.closeLapsed();
    const values = [kind, trigger, this.config.inventory.sweepLeaseMs];
    const [mine] = await this.database.query<Pick<Sweep, 'id' | 'startedAt'>>(OPEN_SWEEP, values);
    return mine;
  }

  /** Creates a sweep that a worker will claim soon, or returns the running one. */
  async requestSweep(em: EntityManager, kind: string, trigger: SweepTrigger = 'manual'): Promise<Sweep> {
    const leaseUntil = () => `clock_timestamp() + interval '${UNCLAIMED_LIMIT_MS} milliseconds'`;
    const insert = em.createQueryBuilder().insert().into(Sweep).values({ kind, trigger, leaseUntil });
    await insert.orIgnore().updateEntity(false).execute();
    return this.findLatest(kind, em.getRepository(Sweep));
  }

  async setAccount(sweepId: string, accountId: string): Promise<void> {
    await this.sweeps.update({ id: sweepId }, { accountId });
  }

  /** Renews the lease, and saves the counters if given. Throws `SweepLeaseLostError` when the lease has lapsed. */
  async saveProgress(sweepId: string, counts?: SweepCounts): Promise<void> {
    const rows = await this.database.prepared('sweep_progress', SAVE_PROGRESS, [
      sweepId,
      this.config.inventory.sweepLeaseMs,
      counts?.pagesDone,
      counts?.pagesExpected,
      counts?.calls,
      counts?.seen,
      counts?.discovered,
      counts?.updated,
      counts?.restored,
    ]);
    if (rows.length === 0) throw new SweepLeaseLostError(sweepId);
  }

  /** Stores the objects that the sweep could not read. Only the session with the lease adds to them. */
  async saveUnreadable(sweepId: string, unreadableItems: readonly UnreadableItem[], unreadableCount: number): Promise<void> {
    await this.sweeps.update({ id: sweepId, status: 'running' }, { unreadableItems: [...unreadableItems], unreadableCount });
  }

  /**
   * Locks the sweep's row for the rest of the transaction, so that no other session can close or replace the sweep. The lease is checked
   * here, once: a long transaction is not undone when the lease lapses during it. Throws `SweepLeaseLostError` when the lease has lapsed.
   */
  async lockSweep(tx: Queryable, sweepId: string): Promise<void> {
    const rows = await tx.query(LOCK_SWEEP, [sweepId]);
    if (rows.length === 0) throw new SweepLeaseLostError(sweepId);
  }

  /**
   * Ends the sweep, in a transaction that has locked it. `missing` (`<kind>/<provider id>`) are the ids that a suspect list lacked. An
   * admin can release them until a newer sweep of the kind is complete or suspect.
   */
  async closeSweep(
    tx: Queryable,
    sweepId: string,
    status: Exclude<SweepStatus, 'running' | 'released'>,
    reason: string | null,
    missing: readonly string[] | null = null,
  ): Promise<void> {
    const rows = await tx.query(CLOSE_SWEEP, [...this.limits(), sweepId, status, reason, missing, SELDOM_KINDS]);
    if (rows.length === 0) throw new SweepLeaseLostError(sweepId);
  }

  /** Closes sweeps with a lapsed lease as incomplete, so that another may start. */
  async closeLapsed(): Promise<void> {
    await this.database.query(CLOSE_LAPSED, this.limits());
  }

  /** The values of `APPEND_CLOSED`. */
  private limits(): unknown[] {
    return [SWEEPS.map(({ kind }) => kind), SWEEPS.map(({ sync }) => sync.everyMs), callIntervalsMs(SWEEPS, this.config.provider)];
  }

  async get(sweepId: string): Promise<Sweep> {
    const sweep = await this.sweeps.findOneBy({ id: sweepId });
    if (!sweep) throw new SweepNotFoundError(sweepId);
    return sweep;
  }

  /** The running sweep of the kind, or else the last one. */
  async findLatest(kind: string, sweeps: Repository<Sweep> = this.sweeps): Promise<Sweep> {
    const query = sweeps.createQueryBuilder('s').where('s.kind = :kind', { kind });
    const sweep = await query.orderBy(`s.status = 'running'`, 'DESC').addOrderBy('s.startedAt', 'DESC').limit(1).getOne();
    if (!sweep) throw new SweepNotFoundError(kind);
    return sweep;
  }

  /** True when a scheduled sweep of the kind would now use more than its share of the token. */
  async exceedsTokenShare({ kind, sync, under }: SweptKind): Promise<boolean> {
    const last = await this.sweeps
      .createQueryBuilder('s')
      .select('s.calls', 'calls')
      .addSelect('extract(epoch from clock_timestamp() - s.startedAt)::float8 * 1000', 'agoMs')
      .where(`s.kind = :kind and s.status = 'complete'`, { kind })
      .orderBy('s.startedAt', 'DESC')
      .limit(1)
      .getRawOne<{ calls: number; agoMs: number }>();
    // Half a cadence of tolerance: a tick that comes a little early still counts as on time.
    return last !== undefined && last.agoMs + sync.everyMs / 2 < minSweepIntervalMs(last.calls, this.config.provider, under?.tokenShare);
  }

  /** The kinds are in use: a project lists a member of each. Their lists are read at their cadences again. [KND-3] */
  async markUsed(tx: Queryable, kinds: readonly string[]): Promise<void> {
    await tx.query('update cloud_sweeps set unused = false where kind = any ($1::text[]) and unused', [kinds]);
  }

  /**
   * True when the provider recently refused this kind's list to our token with a 403, where a retry each minute would be a loop, and when
   * the list was not available or not used within the last day. [INV-7, KND-2, KND-3]
   */
  async isPaused(kind: string): Promise<boolean> {
    const pauseMs = Math.max(this.config.provider.accountCheckMs, LEAST_PAUSE_MS);
    const within = (pause: string) => `s.finishedAt > clock_timestamp() - ${pause}::float8 * interval '1 millisecond'`;
    const last = await this.sweeps
      .createQueryBuilder('s')
      .select(
        `s.reason = 'forbidden_by_provider' and ${within(':pauseMs')} or (s.status = 'not_available' or s.unused) and ${within(':recheckMs')}`,
        'paused',
      )
      .where('s.kind = :kind', { kind, pauseMs, recheckMs: RECHECK_MS - RECHECK_TOLERANCE_MS })
      .orderBy('s.startedAt', 'DESC')
      .limit(1)
      .getRawOne<{ paused: boolean | null }>();
    return last?.paused === true;
  }

  /** True when the last sweep of the kind ended because the list of its parents was never read. */
  async waitsForParents(kind: string): Promise<boolean> {
    const last = await this.sweeps.findOne({ where: { kind }, order: { startedAt: 'DESC' }, select: { id: true, reason: true } });
    return last?.reason === 'parents_not_listed';
  }

  /** True when the list of the kind was never read. */
  async wasNeverRead(kind: string): Promise<boolean> {
    return !(await this.sweeps.existsBy({ kind, status: 'complete' }));
  }

  /** True while the first list of the kind is still to come: not for a kind that is not available. */
  async isUnlisted(kind: string): Promise<boolean> {
    return (await this.wasNeverRead(kind)) && !(await this.unavailableKinds()).has(kind);
  }

  /** The kinds with a list that the provider does not let us read, by their last sweeps. [KND-2] */
  async unavailableKinds(): Promise<Set<string>> {
    const rows = await this.database.query<{ kind: string }>(UNAVAILABLE, [SWEEPS.map(({ kind }) => kind)]);
    return new Set(rows.map(({ kind }) => kind));
  }
}

/** Set-based: by the index of each kind. $1 kinds. */
const UNAVAILABLE = `
select w.kind from unnest($1::text[]) w(kind)
 cross join lateral (select s.status from cloud_sweeps s where s.kind = w.kind and s.status <> 'running' order by s.started_at desc limit 1) last
 where last.status = 'not_available'`;
