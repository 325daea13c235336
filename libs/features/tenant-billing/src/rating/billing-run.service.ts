import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, sql, Transaction } from '#libs/database';
import {
  decodeCursor,
  errorFields,
  isRetryable,
  Money,
  pageOf,
  UUID_KEY,
  ValidationFailedError,
  type ListAnswer,
  type PageRequest,
} from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { BillingRun } from '../entities/billing-run.entity';
import { firstDay, hasEnded, monthOf } from '../months';
import { DEFAULT_ISSUER } from '../profiles/billing-profiles';
import { draftNumberOf, OVERDUE } from '../invoices/invoice-reader';
import { INVOICE_STATUSES, type InvoiceProblem, type PaymentStatus } from '../pricing/invoice.states';
import { BillingRunNotFoundError, RunNotClaimableError } from '../tenant-billing.errors';
import { RatingService, type Rating } from './rating.service';
import {
  runStatusesBefore,
  type RunFailure,
  type RunProblem,
  type RunProgress,
  type RunStatus,
  type RunTotals,
} from '../pricing/run.states';

export interface BillingRunView {
  readonly id: string;
  readonly issuer_id: string;
  readonly period: string;
  readonly status: RunStatus;
  readonly progress: { readonly tenants: number; readonly lines: number };
  readonly problems: readonly RunProblem[];
  /** Equal digests mean equal inputs, and then equal lines. */
  readonly inputs_digest: string | null;
  readonly lines_digest: string | null;
  readonly totals: RunTotals | null;
  readonly failure: RunFailure | null;
  readonly requested_by: string;
  readonly requested_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

/** What a month of a tenant is by now: its lines as they are rated, and its invoice. Without an invoice the fields from `invoice_id` on are null. */
export interface RunTenantView {
  readonly tenant_id: string;
  /** `not_built`: rated, and without a draft. */
  readonly state: RunTenantState;
  readonly lines: number;
  /** What the tenant pays by the rated lines, in the currency of the provider, before tax. */
  readonly sell: string;
  readonly invoice_id: string | null;
  readonly number: string | null;
  readonly draft_number: string | null;
  readonly currency: string | null;
  readonly net: string | null;
  readonly tax: string | null;
  readonly total: string | null;
  readonly due: string | null;
  readonly payment_status: PaymentStatus | null;
  /** Last day to pay of an issued invoice. */
  readonly due_on: string | null;
  /** Issued, not paid and past that day. */
  readonly overdue: boolean;
  readonly version: number | null;
  /** Of the rating and of the invoice. */
  readonly problems: readonly InvoiceProblem[];
}

/** A run with the tenants of its month. */
export interface BillingRunDetail extends BillingRunView {
  readonly tenants: readonly RunTenantView[];
}

export const RUN_TENANT_STATES = ['not_built', ...INVOICE_STATUSES] as const;
export type RunTenantState = (typeof RUN_TENANT_STATES)[number];

/**
 * Set-based: the tenants of a month, each with its rated lines and its invoice; of several void ones, the last. The lines themselves are read only where
 * a run of an earlier release rated the month. $1 issuer, $2 first day of the month.
 */
const TENANTS_OF_MONTH = `
with last_run as materialized (
  select tenant_sums from billing_runs where issuer_id = $1 and period = $2::date and status = 'completed' order by finished_at desc limit 1),
rated as (
  select s.tenant_id, s.lines, s.sell from last_run, jsonb_to_recordset(tenant_sums) s(tenant_id text, lines int, sell numeric)
   union all
  select tenant_id, count(*)::int, coalesce(sum(sell), 0) from rated_lines
   where issuer_id = $1 and period = $2::date and tenant_id is not null and (select tenant_sums from last_run) is null group by 1),
invoices as (
  select distinct on (tenant_id) * from tenant_invoices
   where issuer_id = $1 and period = $2::date and kind = 'standard' order by tenant_id, status = 'void', created_at desc)
select coalesce(r.tenant_id, i.tenant_id) as tenant_id, coalesce(i.status, 'not_built') as state, coalesce(r.lines, 0) as lines,
       coalesce(r.sell, 0)::text as sell, i.id as invoice_id, i.number, i.currency, round(i.net, i.decimals)::text as net, round(i.tax, i.decimals)::text as tax,
       round(i.total, i.decimals)::text as total, round(i.due, i.decimals)::text as due, case when i.status = 'issued' then i.payment_status end as payment_status,
       i.due_on::text as due_on, ${OVERDUE} as overdue, i.version, coalesce(i.problems, '[]') as problems
  from rated r full join invoices i using (tenant_id) order by coalesce(r.tenant_id, i.tenant_id) collate "C"`;

/** Longer than the longest statement of a rating, after which its connection has ended anyway. */
const LEASE_MINUTES = 16;
/** A rating reports its progress at most this often. */
const REPORT_EVERY_MS = 1_000;

/** Starts runs and carries them out: the only writer of `billing_runs`. */
@Injectable()
export class BillingRunService {
  private readonly log = new Logger(BillingRunService.name);

  constructor(
    @InjectRepository(BillingRun) private readonly runs: Repository<BillingRun>,
    private readonly transaction: Transaction,
    private readonly rating: RatingService,
    private readonly audit: AuditLog,
  ) {}

  /** Newest first. */
  async list(page: PageRequest, period?: string): Promise<ListAnswer<BillingRunView>> {
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.runs.createQueryBuilder('r').orderBy('r.id', 'DESC');
    if (period !== undefined) query.andWhere('r.period = :period', { period: firstDay(period) });
    if (before !== null) query.andWhere('r.id < :before', { before });
    const { items, next_cursor } = pageOf(await query.limit(page.limit + 1).getMany(), page.limit, ({ id }) => id);
    return { data: items.map(runView), page: { next_cursor }, as_of: null, completeness: {} };
  }

  /** With the tenants of its month as they are now. Throws `BillingRunNotFoundError`. */
  async get(id: string): Promise<BillingRunDetail> {
    const run = await this.runs.findOneBy({ id });
    if (!run) throw new BillingRunNotFoundError();
    type Row = Omit<RunTenantView, 'draft_number'>;
    const rows = await this.transaction.run((em) => sql<Row>(em, TENANTS_OF_MONTH, [run.issuerId, run.period])); // Set-based: all tenants at once
    return { ...runView(run), tenants: rows.map((row) => tenantView(row, run.problems)) };
  }

  /** Accepts the rating of a month, which a worker carries out. Throws `ValidationFailedError` for a month that has not ended. */
  async create(period: string, because: AuditContext): Promise<BillingRunView> {
    if (!hasEnded(period, new Date()))
      throw new ValidationFailedError([
        { field: 'period', message: 'period must be a month that has ended: a running month has no invoice' },
      ]);
    return this.transaction.run(async (em) => {
      const values = { issuerId: DEFAULT_ISSUER, period: firstDay(period), requestedBy: because.by.sub };
      const { identifiers } = await em.insert(BillingRun, values);
      const run = await em.findOneByOrFail(BillingRun, { id: String(identifiers[0]?.id) });
      const target = { type: 'billing_run', id: run.id };
      await this.audit.record(queryableOf(em), {
        ...because,
        action: 'billing_run_requested',
        target,
        details: { period: monthOf(period) },
      });
      return runView(run);
    });
  }

  /** The runs that wait for a worker, and those of workers that have died. */
  async due(limit: number): Promise<string[]> {
    const due = await this.runs
      .createQueryBuilder('r')
      .where(`r.status = 'pending' or (r.status = 'running' and r.leaseUntil < clock_timestamp())`)
      .orderBy('r.requestedAt')
      .limit(limit)
      .getMany();
    return due.map(({ id }) => id);
  }

  /**
   * Carries out a run. After a crash the lines are the old ones or the new ones, and the run is claimed again when its lease is over. Throws
   * `RunNotClaimableError` while another worker has it; a failure that a repetition may mend is thrown, and any other one is recorded.
   */
  async run(id: string): Promise<void> {
    const { period, issuerId } = await this.claim(id);
    const reports = this.reporter(id);
    try {
      await this.rating.rate({ issuerId, period }, reports.report, (tx, rating) => this.complete(tx.query.bind(tx), id, rating));
    } catch (error) {
      const { code, detail = 'The rating failed for a reason that is not known; the log of the worker has it' } = errorFields(error);
      const failure: RunFailure = { code, detail };
      if (isRetryable(error)) {
        await this.runs.update({ id, status: 'running' }, { leaseUntil: () => 'clock_timestamp()' });
        throw error;
      }
      this.log.error({ event: 'billing_run_failed', run_id: id, ...failure });
      await this.runs.update(
        { id, status: In(runStatusesBefore('failed')) },
        { status: 'failed', failure, finishedAt: () => 'clock_timestamp()' },
      );
      throw error;
    } finally {
      await reports.ended();
    }
  }

  private async claim(id: string): Promise<BillingRun> {
    const { affected } = await this.runs
      .createQueryBuilder()
      .update()
      .set({
        status: 'running',
        startedAt: () => 'clock_timestamp()',
        leaseUntil: () => `clock_timestamp() + interval '${LEASE_MINUTES} minutes'`,
      })
      .where('id = :id and status = any (:from)', { id, from: runStatusesBefore('running') })
      .andWhere(`(status = 'pending' or lease_until <= clock_timestamp())`)
      .execute();
    const run = await this.runs.findOneBy({ id });
    if (!run) throw new BillingRunNotFoundError();
    if (affected !== 1) throw new RunNotClaimableError();
    return run;
  }

  /** Fenced: a run that was claimed by somebody else meanwhile ends the transaction, and with it the new lines. */
  private async complete(query: <R>(text: string, values: readonly unknown[]) => Promise<R[]>, id: string, rating: Rating): Promise<void> {
    const { inputsDigest, linesDigest, problems, totals, tenantSums } = rating;
    const progress: RunProgress = { tenants: totals.tenants, lines: totals.lines };
    const done = await query(
      `update billing_runs set status = 'completed', finished_at = clock_timestamp(), lease_until = null, inputs_digest = $2, lines_digest = $3,
              problems = $4, totals = $5, progress = $6, tenant_sums = $7
        where id = $1 and status = any ($8) returning id`,
      [
        id,
        inputsDigest,
        linesDigest,
        JSON.stringify(problems),
        JSON.stringify(totals),
        JSON.stringify(progress),
        JSON.stringify(tenantSums),
        runStatusesBefore('completed'),
      ],
    );
    if (done.length !== 1) throw new RunNotClaimableError();
  }

  /**
   * The rating does not wait for its reports, which are written one at a time: each needs a second connection, and while others have them all the
   * transaction would wait too, and end with them. A report that fails is left out.
   */
  private reporter(id: string) {
    let reportedMs = performance.now();
    let writing: Promise<unknown> | null = null;
    const write = (progress: RunProgress) =>
      this.runs.update({ id, status: 'running' }, { progress }).then(
        () => (writing = null),
        () => (writing = null),
      );
    return {
      report: (progress: RunProgress): Promise<void> => {
        if (writing === null && performance.now() - reportedMs >= REPORT_EVERY_MS) {
          reportedMs = performance.now();
          writing = write(progress);
        }
        return Promise.resolve();
      },
      ended: async (): Promise<void> => {
        await writing;
      },
    };
  }
}

/** Problems of a rating have the path of their tenant. */
function tenantView(row: Omit<RunTenantView, 'draft_number'>, problems: readonly RunProblem[]): RunTenantView {
  const { tenant_id, invoice_id, number } = row;
  const rated = problems.filter(({ path }) => path === `tenants/${tenant_id}`);
  const of = rated.filter(({ code }) => !row.problems.some((problem) => problem.code === code));
  return {
    ...row,
    sell: Money.parse(row.sell).toAmountText(),
    draft_number: invoice_id === null || number !== null ? null : draftNumberOf(invoice_id),
    problems: [...row.problems, ...of],
  };
}

function runView(run: BillingRun): BillingRunView {
  const { tenants = 0, lines = 0 } = run.progress;
  return {
    id: run.id,
    issuer_id: run.issuerId,
    period: monthOf(run.period),
    status: run.status,
    progress: { tenants, lines },
    problems: run.problems,
    inputs_digest: run.inputsDigest,
    lines_digest: run.linesDigest,
    totals: run.totals,
    failure: run.failure,
    requested_by: run.requestedBy,
    requested_at: run.requestedAt.toISOString(),
    started_at: run.startedAt?.toISOString() ?? null,
    finished_at: run.finishedAt?.toISOString() ?? null,
  };
}
