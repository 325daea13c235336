import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { Money, ValidationFailedError } from '#libs/kernel';
import { TenantRegistry, UnknownTenantError } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import { TenantInvoiceLine } from '../entities/tenant-invoice-line.entity';
import { DEFAULT_ISSUER } from '../profiles/billing-profiles';
import { DraftOutdatedError, TenantInvoiceNotFoundError, VerbNotPossibleError } from '../tenant-billing.errors';
import { Wallets } from '../wallets/wallets';
import { PROMOTION_LINE, type Draft } from './draft';
import { InvoiceBuilder, type BuildReport } from './invoice-builder';
import { invoiceView, type TenantInvoiceView } from './invoice-reader';
import { InvoiceVerbs, type VerbCalls, type VerbOutcome } from './invoice-verbs';
import { isCritical, type Adjustment, type InvoiceVerb } from '../pricing/invoice.states';

/** A line that a person adds. Amounts are decimal text in the currency of the invoice. */
export interface ManualLine {
  readonly description: string;
  readonly quantity: string;
  readonly unit: string;
  readonly unit_price: string;
}

export interface Adjust {
  readonly add?: ManualLine;
  /** The number of a line that a person added. */
  readonly remove?: number;
}

/** Manual lines of one invoice. */
const MOST_ADJUSTMENTS = 200;
const PLATFORM = { kind: 'platform' } as const;
const ZERO = Money.parse('0');
/** An insert writes every amount. */
const NOTHING = { net: ZERO, tax: ZERO, total: ZERO, due: ZERO, paid: ZERO, credited: ZERO, wallet: ZERO } as const;
/** Builds drafts and carries out the verbs on them; `InvoiceIssue` issues and makes void. */
@Injectable()
export class TenantInvoiceService {
  constructor(
    private readonly verbs: InvoiceVerbs,
    private readonly builder: InvoiceBuilder,
    private readonly wallets: Wallets,
    private readonly transaction: Transaction,
    private readonly tenants: TenantRegistry,
    private readonly audit: AuditLog,
  ) {}

  /** Builds the drafts of a month anew. Throws `PeriodNotReadyError`. */
  async build(month: string, because: AuditContext): Promise<BuildReport> {
    const report = await this.builder.build(DEFAULT_ISSUER, month, because.by.sub);
    await this.transaction.run((em) =>
      this.audit.record(queryableOf(em), {
        ...because,
        action: 'tenant_invoices_built',
        target: { type: 'billing_period', id: month },
        details: { ...report },
      }),
    );
    return report;
  }

  /** Makes a draft of lines that a person wrote. Throws `UnknownTenantError` and `ValidationFailedError`. */
  async createOneOff(tenantId: string, lines: readonly ManualLine[], because: AuditContext): Promise<TenantInvoiceView> {
    if (!(await this.tenants.find(tenantId))) throw new UnknownTenantError(tenantId, await this.tenants.nearest(tenantId));
    const adjustments = lines.map((line, at) => adjustmentOf(line, `lines.${at}`, because));
    return this.transaction.run(async (em) => {
      const values = {
        issuerId: DEFAULT_ISSUER,
        tenantId,
        kind: 'one_off' as const,
        currency: 'USD',
        decimals: 2,
        changedBy: because.by.sub,
      };
      const { identifiers } = await em.insert(TenantInvoice, { ...values, ...NOTHING });
      const id = String(identifiers[0]?.id);
      const empty = await em.findOneByOrFail(TenantInvoice, { id });
      await this.derive(em, empty, adjustments, because);
      await this.audit.record(queryableOf(em), {
        ...because,
        action: 'tenant_invoice_created',
        target: { type: 'tenant_invoice', id },
        details: { tenant_id: tenantId, lines: lines.length },
      });
      return invoiceView(await em.findOneByOrFail(TenantInvoice, { id }), PLATFORM);
    });
  }

  /**
   * Deletes a draft of lines that a person wrote. It never had a number, and no tenant has seen it. Throws `TenantInvoiceNotFoundError`, and
   * `VerbNotPossibleError` for any other invoice.
   */
  async discard(id: string, because: AuditContext): Promise<TenantInvoiceView> {
    return this.transaction.run(async (em) => {
      const invoice = await em.findOne(TenantInvoice, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!invoice) throw new TenantInvoiceNotFoundError();
      if (invoice.kind !== 'one_off') throw new VerbNotPossibleError('discard', 'the draft of a month goes with the lines of the month');
      if (invoice.status !== 'draft') throw new VerbNotPossibleError('discard', `it is ${invoice.status}, and only a draft can go`);
      await this.builder.delete(queryableOf(em), [id]);
      const view = invoiceView(invoice, PLATFORM);
      const { tenantId, adjustments } = invoice;
      await this.audit.record(queryableOf(em), {
        ...because,
        action: 'tenant_invoice_discarded',
        target: { type: 'tenant_invoice', id },
        details: { tenant_id: tenantId, draft_number: view.draft_number, total: view.total, currency: view.currency, lines: adjustments },
      });
      return view;
    });
  }

  /** Builds one draft anew from what counts now. Throws like every verb, and `PeriodNotReadyError`. */
  refresh(id: string, expectedVersion: number | null, because: AuditContext): Promise<TenantInvoiceView> {
    return this.run(id, 'refresh', expectedVersion, because, async (em, invoice) => {
      const draft = await this.derive(em, invoice, invoice.adjustments, because);
      return { set: {}, details: { digest: draft.digest, total: draft.total } };
    });
  }

  /** Adds a manual line or removes one. Throws like every verb, `PeriodNotReadyError` and `ValidationFailedError`. */
  adjust(id: string, { add, remove }: Adjust, expectedVersion: number, because: AuditContext): Promise<TenantInvoiceView> {
    return this.run(id, 'adjust', expectedVersion, because, async (em, invoice) => {
      const removed = remove === undefined ? undefined : await adjustmentAt(em, invoice, remove);
      const kept = invoice.adjustments.filter((one) => one.id !== removed?.id);
      const added = add && adjustmentOf(add, 'add', because);
      const adjustments = added ? [...kept, added] : kept;
      if (adjustments.length > MOST_ADJUSTMENTS)
        throw new ValidationFailedError([{ field: 'add', message: `an invoice has at most ${MOST_ADJUSTMENTS} manual lines` }]);
      const { total } = await this.derive(em, invoice, adjustments, because);
      const event = { type: 'tenant_invoice.adjusted', data: { total, currency: invoice.currency } } as const;
      return { set: {}, details: { ...(added && { added }), ...(removed && { removed }), total }, event };
    });
  }

  /** Freezes lines, tax and parties. Throws like every verb, `PeriodNotReadyError`, and `DraftOutdatedError` when a refresh would change the draft. */
  async approve(id: string, expectedVersion: number | null, because: AuditContext): Promise<TenantInvoiceView> {
    const [approved] = await this.approveAll([{ id, expectedVersion }], because);
    if (!approved) throw new TenantInvoiceNotFoundError();
    return approved;
  }

  /** Approves all of them, or none. Throws like `approve`. */
  async approveAll(invoices: VerbCalls['invoices'], because: AuditContext): Promise<TenantInvoiceView[]> {
    const approved = await this.verbs.runAll({ verb: 'approve', invoices, because }, async (em, locked) => {
      await this.builder.requireReady(queryableOf(em), locked);
      const drafts = await this.builder.deriveAll(em, locked);
      const outcomes: VerbOutcome[] = [];
      for (const [at, invoice] of locked.entries()) {
        const draft = drafts[at];
        if (draft?.digest !== invoice.digest || draft.problems.some(isCritical)) throw new DraftOutdatedError();
        await this.usePromotion(em, invoice, draft, because);
        const data = { period: invoice.period?.slice(0, 7) ?? null, total: draft.total, currency: draft.currency };
        outcomes.push({
          set: { terms: draft.terms, taxStatus: 'decided' },
          details: { digest: draft.digest, total: draft.total, tax: draft.terms.tax },
          event: { type: 'tenant_invoice.approved', data },
        });
      }
      return outcomes;
    });
    return approved.map((one) => invoiceView(one, PLATFORM));
  }

  /** Takes an approval back. The draft waits for a person from then on, whatever its profile allows. Throws like every verb. */
  unapprove(id: string, expectedVersion: number | null, because: AuditContext): Promise<TenantInvoiceView> {
    const set = { terms: null, taxStatus: 'undecided', auto: 'off' } as const;
    return this.run(id, 'unapprove', expectedVersion, because, async (em) => {
      await this.wallets.giveBack(em, id, because.by);
      return { set, event: { type: 'tenant_invoice.unapproved', data: {} } };
    });
  }

  /** Takes from the promotion wallet what the draft uses of it. Another approval may have been first. */
  private async usePromotion(
    em: EntityManager,
    { id: invoiceId, tenantId }: TenantInvoice,
    draft: Draft,
    { by }: AuditContext,
  ): Promise<void> {
    const used = Money.sum(draft.lines.filter(({ kind }) => kind === PROMOTION_LINE).map(({ net }) => Money.parse(net))).negate();
    if (used.isZero()) return;
    const wallet = { tenantId, kind: 'promotion', currency: draft.currency } as const;
    const taken = await this.wallets.take(em, wallet, used, { cause: 'applied', invoiceId, by });
    if (!taken.equals(used)) throw new DraftOutdatedError();
  }

  private async run(
    id: string,
    verb: InvoiceVerb,
    expectedVersion: number | null,
    because: AuditContext,
    work: Parameters<InvoiceVerbs['run']>[1],
  ): Promise<TenantInvoiceView> {
    return invoiceView(await this.verbs.run({ id, verb, expectedVersion, because }, work), PLATFORM);
  }

  private async derive(em: EntityManager, invoice: TenantInvoice, adjustments: readonly Adjustment[], { by }: AuditContext) {
    await this.builder.requireReady(queryableOf(em), [invoice]);
    const draft = await this.builder.deriveOne(em, invoice, adjustments);
    await this.builder.replace(em, invoice, draft, adjustments, by.sub);
    return draft;
  }
}

async function adjustmentAt(em: EntityManager, { id: invoiceId, adjustments }: TenantInvoice, lineNo: number): Promise<Adjustment> {
  const line = await em.findOneBy(TenantInvoiceLine, { invoiceId, lineNo });
  const { adjustment } = (line?.explanation ?? {}) as { readonly adjustment?: string };
  const found = adjustments.find(({ id }) => id === adjustment);
  if (!found) throw new ValidationFailedError([{ field: 'remove', message: 'must be the number of a line that a person added' }]);
  return found;
}

/** Decimal text with at most 10 places, so that lines and the money behind them stay exact. */
const DECIMAL = /^-?\d{1,12}(\.\d{1,10})?$/;

function adjustmentOf({ description, quantity, unit, unit_price }: ManualLine, field: string, { by, reason }: AuditContext): Adjustment {
  const wrong = Object.entries({ quantity, unit_price }).filter(([, text]) => !DECIMAL.test(text));
  if (wrong.length > 0)
    throw new ValidationFailedError(wrong.map(([name]) => ({ field: `${field}.${name}`, message: 'must be decimal text such as 12.50' })));
  if (Money.parse(quantity).isNegative() || Money.parse(quantity).isZero())
    throw new ValidationFailedError([{ field: `${field}.quantity`, message: 'must be above 0; a price below 0 lowers the invoice' }]);
  return { id: randomUUID(), description, quantity, unit, unit_price, reason: reason ?? '', added_by: by.sub };
}
