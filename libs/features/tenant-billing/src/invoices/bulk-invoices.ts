import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { DomainError, errorFields, ValidationFailedError } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { BillingProfile } from '../entities/billing-profile.entity';
import { BillingRun } from '../entities/billing-run.entity';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import { isCritical, isPossible } from '../pricing/invoice.states';
import { DraftOutdatedError, PeriodNotReadyError, TenantInvoiceNotFoundError } from '../tenant-billing.errors';
import { InvoiceIssue } from './invoice-issue';
import { TenantInvoiceReader, type TenantInvoiceFilters } from './invoice-reader';
import { TenantInvoiceService } from './invoice.service';
import { stateOf } from './invoice-verbs';

/** The verbs that need nothing but a reason. */
export const BULK_VERBS = ['refresh', 'approve', 'unapprove', 'issue', 'void'] as const;
export type BulkVerb = (typeof BULK_VERBS)[number];

/** Invoices of one bulk change. */
export const MOST_INVOICES = 1_000;
/** Verbs that run at the same time. */
const AT_ONCE = 4;

/** A verb on many invoices: those with these ids, or all that match the filters. */
export interface BulkInvoices {
  readonly verb: BulkVerb;
  readonly ids?: readonly string[];
  readonly filter?: TenantInvoiceFilters;
  /** Of the verb `issue`: the day on the documents, today unless given. */
  readonly issuedOn?: string;
}

export interface BulkInvoiceResult {
  readonly id: string;
  /** `done`, or the code of the refusal. */
  readonly code: string;
  readonly detail: string | null;
}

/** `matched` is the sum of the other two. Of a plan: what would be done by the table of transitions. */
export interface BulkInvoiceReport {
  readonly verb: BulkVerb;
  readonly matched: number;
  readonly done: number;
  readonly refused: number;
  readonly results: readonly BulkInvoiceResult[];
}

/** Invoices that are approved or issued in one transaction. The series of numbers is locked for so many. */
const TOGETHER = 20;

/** Undefined for an id without an invoice. */
interface FrozenInvoice {
  readonly id: string;
  readonly frozen: Frozen | undefined;
}

type Frozen = Pick<TenantInvoice, 'id' | 'version' | 'tenantId'> & { readonly possible: boolean };

const SERVICE: AuditContext = { by: { sub: 'billing', role: 'service' }, reason: 'by the billing profile of the tenant' };

/** Carries a verb out on many invoices, and carries good drafts on by itself where the profile of their tenant allows it. */
@Injectable()
export class BulkInvoiceService {
  private readonly log = new Logger(BulkInvoiceService.name);

  constructor(
    private readonly transaction: Transaction,
    private readonly reader: TenantInvoiceReader,
    private readonly invoices: TenantInvoiceService,
    private readonly issuing: InvoiceIssue,
    private readonly audit: AuditLog,
  ) {}

  /** What `apply` would do now by the statuses and problems. Changes nothing. Throws `ValidationFailedError`. */
  async plan(change: BulkInvoices): Promise<BulkInvoiceReport> {
    const results = (await this.freeze(change)).map(({ id, frozen }): BulkInvoiceResult => {
      if (!frozen) return refusal(id, new TenantInvoiceNotFoundError());
      const detail = `The invoice cannot be changed by ${change.verb} now`;
      return frozen.possible ? { id, code: 'done', detail: null } : { id, code: 'verb_not_possible', detail };
    });
    return reportOf(change.verb, results);
  }

  /**
   * Each invoice has its own result. Ids and versions are read first: what changes or begins to match meanwhile stays as
   * it is. Throws `ValidationFailedError` for more than 1,000 invoices.
   */
  async apply(change: BulkInvoices, because: AuditContext): Promise<BulkInvoiceReport> {
    const waiting = await this.freeze(change);
    const results = new Map<string, BulkInvoiceResult>();
    const ids = waiting.map(({ id }) => id);
    const tenant_ids = [...new Set(waiting.flatMap(({ frozen }) => frozen?.tenantId ?? []))].sort();
    const work = async (): Promise<void> => {
      for (let next = waiting.splice(0, TOGETHER); next.length > 0; next = waiting.splice(0, TOGETHER))
        for (const result of await this.several(change, next, because)) results.set(result.id, result);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const report = reportOf(change.verb, ids.flatMap((id) => results.get(id) ?? [])); // prettier-ignore
    await this.transaction.run((em) =>
      this.audit.record(queryableOf(em), {
        ...because,
        action: 'tenant_invoices_bulk_changed',
        target: { type: 'tenant_invoices', id: change.verb },
        details: { ...report, tenant_ids, ...(change.filter && { filter: change.filter }) },
      }),
    );
    return report;
  }

  /**
   * Builds the drafts of rated months after their days of grace, and approves and issues good drafts of tenants with a profile that allows it.
   * Problems stop for a person. Any number of workers may do so at the same time: of two verbs on one invoice one wins.
   */
  async carryOn(signal: AbortSignal): Promise<void> {
    const months = await this.transaction.run((em) =>
      em.createQueryBuilder(BillingRun, 'r').where(`r.status = 'completed' and r.draftsBuiltAt is null`).orderBy('r.period').getMany(),
    );
    for (const period of new Set(months.map((run) => run.period.slice(0, 7)))) {
      if (signal.aborted) return;
      await this.attempt(() => this.invoices.build(period, { ...SERVICE, reason: 'the month is rated and its days of grace are over' }));
    }
    for (const verb of ['approve', 'issue'] as const)
      for await (const { id, version } of this.automatic(verb)) {
        if (signal.aborted) return;
        if (!(await this.isAllowed(id, verb))) continue; // `auto` may have been turned off since the drafts were read
        await this.attempt(() => (verb === 'approve' ? this.approve(id, version) : this.issuing.issue(id, version, SERVICE)));
      }
  }

  private async freeze({ verb, ids, filter }: BulkInvoices): Promise<FrozenInvoice[]> {
    const found = ids ? [...new Set(ids)] : await this.reader.idsOf(filter ?? {}, MOST_INVOICES + 1);
    if (found.length > MOST_INVOICES)
      throw new ValidationFailedError([
        { field: ids ? 'ids' : 'filter', message: `matches more than ${MOST_INVOICES} invoices: narrow it, and send several requests` },
      ]);
    const rows = await this.transaction.run((em) => em.findBy(TenantInvoice, { id: In(found) }));
    const frozen = new Map(
      rows.map((row) => [row.id, { id: row.id, version: row.version, tenantId: row.tenantId, possible: isPossible(verb, stateOf(row)) }]),
    );
    return found.map((id) => ({ id, frozen: frozen.get(id) }));
  }

  /** Together where all of them can be changed. Else each is a transaction of its own, so that one refusal changes no other result. */
  private async several(change: BulkInvoices, next: readonly FrozenInvoice[], because: AuditContext): Promise<BulkInvoiceResult[]> {
    const calls = next.flatMap(({ id, frozen }) => (frozen?.possible ? [{ id, expectedVersion: frozen.version }] : []));
    if (calls.length === next.length && (change.verb === 'approve' || change.verb === 'issue'))
      try {
        if (change.verb === 'approve') await this.invoices.approveAll(calls, because);
        else await this.issuing.issueAll(calls, because, change.issuedOn ?? null);
        return calls.map(({ id }) => ({ id, code: 'done', detail: null }));
      } catch {
        // Each gets its own result below.
      }
    const results: BulkInvoiceResult[] = [];
    for (const one of next) results.push(await this.one(change, one, because));
    return results;
  }

  private async one({ verb, issuedOn }: BulkInvoices, { id, frozen }: FrozenInvoice, because: AuditContext) {
    try {
      if (!frozen) throw new TenantInvoiceNotFoundError();
      await this.verb(verb, { id, version: frozen.version, issuedOn }, because);
      return { id, code: 'done', detail: null };
    } catch (error) {
      if (error instanceof DomainError) return refusal(id, error);
      this.log.error(
        { event: 'bulk_invoice_failed', verb, invoice_id: id, ...errorFields(error) },
        error instanceof Error ? error.stack : undefined,
      );
      return { id, code: 'internal', detail: 'An unexpected error; the log of the api has it. The invoice stayed as it was' };
    }
  }

  private verb(
    verb: BulkVerb,
    { id, version, issuedOn }: { readonly id: string; readonly version: number; readonly issuedOn: string | undefined },
    because: AuditContext,
  ): Promise<unknown> {
    const run: Readonly<Record<BulkVerb, () => Promise<unknown>>> = {
      refresh: () => this.invoices.refresh(id, version, because),
      approve: () => this.invoices.approve(id, version, because),
      unapprove: () => this.invoices.unapprove(id, version, because),
      issue: () => this.issuing.issue(id, version, because, issuedOn ?? null),
      void: () => this.issuing.void(id, version, because),
    };
    return run[verb]();
  }

  /**
   * What a task may carry on: drafts of months without a critical problem, of tenants that want it, in the order of their ids. They are read in
   * parts; those that are refused do not keep the task from later ones.
   */
  private async *automatic(verb: 'approve' | 'issue'): AsyncGenerator<Pick<TenantInvoice, 'id' | 'version'>> {
    for (let last = NIL; ;) {
      const found = await this.transaction.run((em) =>
        allowed(em, verb)
          .select(['i.id', 'i.version'])
          .andWhere(`i.id > :last and not (i.problems @> '[{"severity":"critical"}]')`, { last })
          .orderBy('i.id')
          .limit(MOST_INVOICES)
          .getMany(),
      );
      yield* found;
      const end = found.at(-1);
      if (!end || found.length < MOST_INVOICES) return;
      last = end.id;
    }
  }

  private isAllowed(id: string, verb: 'approve' | 'issue'): Promise<boolean> {
    return this.transaction.run((em) => allowed(em, verb).andWhere('i.id = :id', { id }).getExists());
  }

  /** A profile or price that changed since the build is taken over first. Without a good draft after that, it waits for a person. */
  private async approve(id: string, version: number): Promise<void> {
    try {
      await this.invoices.approve(id, version, SERVICE);
    } catch (error) {
      if (!(error instanceof DraftOutdatedError)) throw error;
      const draft = await this.invoices.refresh(id, version, SERVICE);
      if (!draft.problems.some(isCritical)) await this.invoices.approve(id, draft.version, SERVICE);
    }
  }

  /** A month that is not ready waits, and another worker or a person may have been first; anything else is logged. */
  private async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (error instanceof PeriodNotReadyError || STALE.includes(error.code)) return;
      this.log.warn({ event: 'invoice_not_carried_on', ...errorFields(error) });
    }
  }
}

/** Invoices of months that a task may approve or issue: `auto` of the draft and of the present profile of its tenant allow it. */
function allowed(em: EntityManager, verb: 'approve' | 'issue') {
  const [status, modes] = verb === 'approve' ? (['draft', ['approve', 'issue']] as const) : (['ready', ['issue']] as const);
  return em
    .createQueryBuilder(TenantInvoice, 'i')
    .where('i.status = :status and i.kind = :kind and i.auto = any (:modes)', { status, kind: 'standard', modes })
    .andWhereExists(em.createQueryBuilder(BillingProfile, 'p').where('p.tenantId = i.tenantId and p.auto = any (:modes)'));
}

/** Before every id. */
const NIL = '00000000-0000-0000-0000-000000000000';

const STALE: readonly string[] = ['version_moved', 'verb_not_possible', 'tenant_invoice_not_found'];

const refusal = (id: string, { code, message }: DomainError): BulkInvoiceResult => ({ id, code, detail: message });

function reportOf(verb: BulkVerb, results: readonly BulkInvoiceResult[]): BulkInvoiceReport {
  const done = results.filter(({ code }) => code === 'done').length;
  return { verb, matched: results.length, done, refused: results.length - done, results };
}
