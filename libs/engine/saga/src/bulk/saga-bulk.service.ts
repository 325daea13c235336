import { AuditLog, type AuditContext } from '#libs/audit';
import { Database, queryableOf, sql, Transaction } from '#libs/database';
import { decodeCursor, DomainError, errorFields, isRetryable, pageOf, UUID_KEY, type Page, type PageRequest } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, LessThan, MoreThan, type Repository } from 'typeorm';
import { SagaBulkItem, SagaBulkJob } from '../entities/saga-bulk-job.entity';
import { SagaRun } from '../entities/saga-run.entity';
import { SagaReader, type SagaFilters } from '../queries/saga-reader';
import { BulkJobNotFoundError, TooManySagasInBulkError } from '../saga.errors';
import { SagaControls } from '../start/saga-controls';
import { SagaVerbs } from '../start/saga-verbs';
import type { VerbRequest } from '../start/verb-requests';
import { CLAIM_JOB, COUNT_RESULTS, DUE_ITEMS, FREEZE, RECORD_RESULT, RELEASE_JOB } from './saga-bulk.sql';

/** The verbs that need nothing but a reason. Decisions and outputs are for one saga at a time. */
export const BULK_VERBS = ['cancel', 'retry', 'pause', 'resume', 'retry-step', 'skip', 'release', 'redrive'] as const;
export type BulkVerb = (typeof BULK_VERBS)[number];

/** Sagas of one job. */
const MOST_SAGAS = 10_000;
/** A worker that dies leaves its job to others after this time. */
const LEASE_MS = 30_000;
/** Pause before an item is tried again after a refusal without a time. */
const POSTPONED_MS = 5_000;
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
  private readonly log = new Logger(SagaBulk.name);

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

  /** Handles no further saga; the one in hand ends, and its result is kept. It changes no job that has ended. Throws `BulkJobNotFoundError`. */
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
    let { lease } = job;
    for (const item of await this.database.query<DueItem>(DUE_ITEMS, [job.id, Math.min(job.due, MOST_AT_ONCE)])) {
      if (signal.aborted) break;
      const { result, code, detail, afterMs } = await this.handle(job, item);
      const [counted] = await this.database.query<Counted>(RECORD_RESULT, [job.id, item.nr, result, code, detail, afterMs, lease]);
      if (!counted) break; // another worker has the job
      lease = counted.lease;
      if (result !== null) handled += 1;
      if (counted.ended) break; // the job was stopped
    }
    await this.database.query(RELEASE_JOB, [job.id, lease]);
    return handled;
  }

  /**
   * The key of the item makes a repetition after a crash change nothing. A refusal that may pass leaves the item open, and it is tried again after
   * `afterMs`. An unexpected error is logged, and counts as a refusal.
   */
  private async handle(
    { id: jobId, verb, reason, created_by: sub, created_by_role: role }: ClaimedJob,
    { nr, saga_id: id }: DueItem,
  ): Promise<Outcome> {
    const because = { by: { sub, role }, reason, requestId: `bulk:${jobId}` };
    try {
      await this.perform(verb, { id, because, idempotencyKey: `bulk:${jobId}:${nr}` });
      return { result: 'done', code: null, detail: null, afterMs: null };
    } catch (error) {
      if (error instanceof DomainError && isRetryable(error))
        return { result: null, code: error.code, detail: error.message, afterMs: error.retryAfterMs ?? POSTPONED_MS };
      if (error instanceof DomainError) return { result: 'refused', code: error.code, detail: error.message, afterMs: null };
      this.log.error({ event: 'bulk_item_failed', job_id: jobId, saga_id: id, verb, ...errorFields(error) });
      return { result: 'refused', code: 'internal', detail: 'An unexpected error: see the log of the workers', afterMs: null };
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
  /** The end of the lease, by which the worker that has the job is known. */
  readonly lease: string;
}

/** What became of an item. Without a result it is tried again after `afterMs`. */
interface Outcome {
  readonly result: SagaBulkItem['result'];
  readonly code: string | null;
  readonly detail: string | null;
  readonly afterMs: number | null;
}

interface Counted {
  readonly lease: string;
  /** The job has ended meanwhile. */
  readonly ended: boolean;
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
