import { AuditLog, type AuditContext } from '#libs/audit';
import { Database, queryableOf, sql, Transaction } from '#libs/database';
import { decodeCursor, DomainError, isRetryable, pageOf, UUID_KEY, type Page, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, LessThan, MoreThan, type Repository } from 'typeorm';
import { SagaBulkItem, SagaBulkJob } from '../entities/saga-bulk-job.entity';
import { SagaRun } from '../entities/saga-run.entity';
import { SagaReader, type SagaFilters } from '../queries/saga-reader';
import { BulkJobNotFoundError, TooManySagasInBulkError } from '../saga.errors';
import { SagaControls } from '../start/saga-controls';
import { SagaVerbs } from '../start/saga-verbs';
import type { VerbRequest } from '../start/verb-requests';

/** The verbs that need nothing but a reason. Decisions and outputs are for one saga at a time. */
export const BULK_VERBS = ['cancel', 'retry', 'pause', 'resume', 'retry-step', 'skip', 'release', 'redrive'] as const;
export type BulkVerb = (typeof BULK_VERBS)[number];

/** Sagas of one job. */
const MOST_SAGAS = 10_000;
/** A worker that dies leaves its job to others after this time. */
const LEASE_MS = 30_000;
/** Items that a worker handles before it renews its lease. */
const MOST_AT_ONCE = 20;
const PLATFORM = { kind: 'platform' } as const;

export interface BulkRequest {
  readonly verb: BulkVerb;
  /** Either ids or a filter. */
  readonly ids?: readonly string[];
  readonly filter?: SagaFilters;
  readonly ratePerMinute: number;
}

/** What a job would do: how many sagas it has, and the first of them. */
export interface BulkPlan {
  readonly verb: BulkVerb;
  readonly total: number;
  /** Those for which the verb is legal at this moment, among the first of `first`. */
  readonly first: readonly { readonly id: string; readonly kind: string; readonly status: string; readonly allowed: boolean }[];
}

export interface BulkItemView {
  readonly nr: number;
  readonly saga_id: string;
  /** Null until it was handled. */
  readonly result: SagaBulkItem['result'];
  readonly code: string | null;
  readonly detail: string | null;
  readonly at: string | null;
}

export interface BulkJobView {
  readonly id: string;
  readonly verb: string;
  readonly status: 'running' | 'stopped' | 'finished';
  readonly filter: SagaBulkJob['filter'];
  readonly reason: string;
  readonly rate_per_minute: number;
  readonly total: number;
  readonly done: number;
  readonly refused: number;
  readonly created_by: string;
  readonly created_at: string;
  readonly stopped_by: string | null;
  readonly finished_at: string | null;
}

const ITEM_KEY = /^[1-9][0-9]{0,8}$/;

/** One verb for many sagas. The sagas are frozen when the job is created; each is handled by the single verb, once, at the rate of the job. */
@Injectable()
export class SagaBulk {
  constructor(
    private readonly transaction: Transaction,
    private readonly database: Database,
    private readonly reader: SagaReader,
    private readonly controls: SagaControls,
    private readonly verbs: SagaVerbs,
    private readonly audit: AuditLog,
    @InjectRepository(SagaBulkJob) private readonly jobs: Repository<SagaBulkJob>,
    @InjectRepository(SagaBulkItem) private readonly items: Repository<SagaBulkItem>,
    @InjectRepository(SagaRun) private readonly runs: Repository<SagaRun>,
  ) {}

  /** Counts and shows what a job would handle, and changes nothing. Throws `TooManySagasInBulkError`. */
  async plan(request: BulkRequest): Promise<BulkPlan> {
    const ids = await this.freeze(request);
    const views = await Promise.all(ids.slice(0, MOST_AT_ONCE).map((id) => this.reader.get(PLATFORM, id)));
    const first = views.map(({ id, kind, status, actions }) => ({ id, kind, status, allowed: actions.includes(request.verb) }));
    return { verb: request.verb, total: ids.length, first };
  }

  /** Returns the id of the job. Throws `TooManySagasInBulkError`. */
  async create(request: BulkRequest, because: AuditContext): Promise<string> {
    const ids = await this.freeze(request);
    const { verb, ratePerMinute } = request;
    const filter: object | null = request.filter ?? null;
    return this.transaction.run(async (em) => {
      const job = {
        verb,
        filter,
        reason: because.reason ?? '',
        ratePerMinute,
        total: ids.length,
        createdBy: because.by.sub,
        createdByRole: because.by.role,
        requestId: because.requestId ?? null,
        ...(ids.length === 0 && { finishedAt: () => 'clock_timestamp()' }),
      };
      const { raw } = await em.createQueryBuilder().insert().into(SagaBulkJob).values(job).returning('id').execute();
      const [{ id } = { id: '' }] = raw as { id: string }[];
      await sql(em, FREEZE, [id, ids]);
      const details = { verb, total: ids.length, rate_per_minute: ratePerMinute };
      await this.audit.record(queryableOf(em), { ...because, action: 'saga_bulk_created', target: { type: 'saga_bulk_job', id }, details });
      return id;
    });
  }

  /** Throws `BulkJobNotFoundError`. */
  async get(id: string): Promise<BulkJobView> {
    const job = await this.jobs.findOneBy({ id });
    if (!job) throw new BulkJobNotFoundError();
    const done = await this.items.countBy({ jobId: id, result: 'done' });
    return jobView(job, done, await this.items.countBy({ jobId: id, result: 'refused' }));
  }

  /** The jobs, the newest first. */
  async listJobs({ limit, cursor }: PageRequest): Promise<Page<BulkJobView>> {
    const before = decodeCursor(cursor, UUID_KEY);
    const found = await this.jobs.find({ where: before === null ? {} : { id: LessThan(before) }, order: { id: 'DESC' }, take: limit + 1 });
    const { items, next_cursor } = pageOf(found, limit, ({ id }) => id);
    const counts = await this.database.query<ResultCount>(COUNT_RESULTS, [items.map(({ id }) => id)]);
    const of = (id: string, result: string) => counts.find((one) => one.job_id === id && one.result === result)?.count ?? 0;
    return { items: items.map((job) => jobView(job, of(job.id, 'done'), of(job.id, 'refused'))), next_cursor };
  }

  /** The results, in the order of the sagas. Throws `BulkJobNotFoundError`. */
  async list(id: string, { limit, cursor }: PageRequest): Promise<Page<BulkItemView>> {
    if (!(await this.jobs.existsBy({ id }))) throw new BulkJobNotFoundError();
    const after = Number(decodeCursor(cursor, ITEM_KEY) ?? 0);
    const found = await this.items.find({ where: { jobId: id, nr: MoreThan(after) }, order: { nr: 'ASC' }, take: limit + 1 });
    const { items, next_cursor } = pageOf(found, limit, ({ nr }) => String(nr));
    return { items: items.map(itemView), next_cursor };
  }

  /** Handles no further saga; the one in hand ends. It changes no job that has ended. Throws `BulkJobNotFoundError`. */
  async stop(id: string, because: AuditContext): Promise<void> {
    await this.transaction.run(async (em) => {
      const ended = { stoppedAt: () => 'clock_timestamp()', stoppedBy: because.by.sub, finishedAt: () => 'clock_timestamp()' };
      const { affected } = await em.update(SagaBulkJob, { id, finishedAt: IsNull() }, ended);
      if (affected === 1)
        await this.audit.record(queryableOf(em), { ...because, action: 'saga_bulk_stopped', target: { type: 'saga_bulk_job', id } });
      else if (!(await em.existsBy(SagaBulkJob, { id }))) throw new BulkJobNotFoundError();
    });
  }

  /** Handles what is due of one job, in a worker. Returns the number of handled sagas; 0 when no job is due or free. */
  async handleDue(signal: AbortSignal): Promise<number> {
    const [job] = await this.database.query<ClaimedJob>(CLAIM_JOB, [LEASE_MS]);
    if (!job) return 0;
    let handled = 0;
    for (const item of await this.database.query<DueItem>(DUE_ITEMS, [job.id, Math.min(job.due, MOST_AT_ONCE)])) {
      if (signal.aborted) break;
      const outcome = await this.handle(job, item);
      if (outcome === undefined) break; // the database or the provider is away: the item stays open
      const [counted] = await this.database.query(RECORD_RESULT, [job.id, item.nr, outcome.result, outcome.code, outcome.detail]);
      if (!counted) break; // the job was stopped
      handled += 1;
    }
    await this.database.query(RELEASE_JOB, [job.id]);
    return handled;
  }

  /** The key of the item makes a repetition after a crash change nothing. */
  private async handle({ id: jobId, verb, reason, created_by: sub, created_by_role: role }: ClaimedJob, { nr, saga_id: id }: DueItem) {
    const because = { by: { sub, role }, reason, requestId: `bulk:${jobId}` };
    try {
      await this.perform(verb, { id, because, idempotencyKey: `bulk:${jobId}:${nr}` });
      return { result: 'done', code: null, detail: null };
    } catch (error) {
      if (!(error instanceof DomainError) || isRetryable(error)) return undefined;
      return { result: 'refused', code: error.code, detail: error.message };
    }
  }

  private perform(verb: BulkVerb, request: VerbRequest): Promise<unknown> {
    const { id, because, ...options } = request;
    const { controls, verbs } = this;
    const single: Record<BulkVerb, () => Promise<unknown>> = {
      cancel: () => controls.cancel(PLATFORM, id, because, options),
      retry: () => controls.retry(PLATFORM, id, because, false, options),
      release: () => controls.releaseHolds(PLATFORM, id, because, options),
      pause: () => verbs.pause(request),
      resume: () => verbs.resume(request),
      'retry-step': () => verbs.retryStep(request),
      skip: () => verbs.skip(request, null),
      redrive: () => verbs.redrive(request),
    };
    return single[verb]();
  }

  private async freeze({ ids, filter }: BulkRequest): Promise<string[]> {
    if (!ids) {
      const found = await this.reader.idsOf(filter ?? {}, MOST_SAGAS + 1);
      if (found.length > MOST_SAGAS) throw new TooManySagasInBulkError(MOST_SAGAS);
      return found;
    }
    const known = await this.runs.find({ where: { id: In([...new Set(ids)]) }, select: { id: true }, order: { id: 'ASC' } });
    return known.map(({ id }) => id);
  }
}

interface ClaimedJob {
  readonly id: string;
  readonly verb: BulkVerb;
  readonly reason: string;
  readonly created_by: string;
  readonly created_by_role: string;
  /** How many sagas are due by now. */
  readonly due: number;
}

interface ResultCount {
  readonly job_id: string;
  readonly result: string;
  readonly count: number;
}

interface DueItem {
  readonly nr: number;
  readonly saga_id: string;
}

function jobView(job: SagaBulkJob, done: number, refused: number): BulkJobView {
  return {
    id: job.id,
    verb: job.verb,
    status: job.stoppedAt ? 'stopped' : job.finishedAt ? 'finished' : 'running',
    filter: job.filter,
    reason: job.reason,
    rate_per_minute: job.ratePerMinute,
    total: job.total,
    done,
    refused,
    created_by: job.createdBy,
    created_at: job.createdAt.toISOString(),
    stopped_by: job.stoppedBy,
    finished_at: job.finishedAt?.toISOString() ?? null,
  };
}

const itemView = ({ nr, sagaId, result, code, detail, at }: SagaBulkItem): BulkItemView => ({
  nr,
  saga_id: sagaId,
  result,
  code,
  detail,
  at: at?.toISOString() ?? null,
});

/** Set-based: up to ten thousand items. $1 job, $2 sagas. */
const FREEZE = `
insert into saga_bulk_items (job_id, nr, saga_id) select $1, t.nr, t.id from unnest($2::uuid[]) with ordinality t(id, nr)`;

/** Fenced by the lease: one worker has a job. The sagas that are due by the rate since `next_at`. $1 lease ms. */
const CLAIM_JOB = `
update saga_bulk_jobs j set lease_until = clock_timestamp() + $1 * interval '1 millisecond'
 where j.id = (select id from saga_bulk_jobs where finished_at is null and next_at <= clock_timestamp()
                  and (lease_until is null or lease_until <= clock_timestamp()) order by next_at limit 1 for update skip locked)
returning j.id, j.verb, j.reason, j.created_by, j.created_by_role,
          1 + floor(extract(epoch from clock_timestamp() - j.next_at) * j.rate_per_minute / 60)::int as due`;

/** Set-based: the results of a page of jobs. $1 jobs. */
const COUNT_RESULTS = `
select job_id, result, count(*)::int as count from saga_bulk_items where job_id = any($1::uuid[]) and result is not null group by 1, 2`;

const DUE_ITEMS = 'select nr, saga_id from saga_bulk_items where job_id = $1 and result is null order by nr limit $2';

/**
 * Fenced: the result of an item is written once, and not after a stop. The time of the next saga moves by the rate; what a job missed while no
 * worker ran is not made up for by more than one second. $1 job, $2 item, $3 result, $4 code, $5 detail.
 */
const RECORD_RESULT = `
with job as (
  update saga_bulk_jobs set next_at = greatest(next_at, clock_timestamp() - interval '1 second') + interval '1 minute' / rate_per_minute,
         lease_until = greatest(lease_until, clock_timestamp() + interval '10 seconds')
   where id = $1 and finished_at is null returning id)
update saga_bulk_items i set result = $3, code = $4, detail = $5, at = clock_timestamp() from job
 where i.job_id = job.id and i.nr = $2 and i.result is null returning i.nr`;

/** Fenced: ends the lease, and the job when nothing is left. $1 job. */
const RELEASE_JOB = `
update saga_bulk_jobs j set lease_until = null,
       finished_at = case when exists (select 1 from saga_bulk_items i where i.job_id = j.id and i.result is null) then j.finished_at
                          else coalesce(j.finished_at, clock_timestamp()) end
 where j.id = $1`;
