import type { AuditContext } from '#libs/audit';
import { sql } from '#libs/database';
import { Money, ValidationFailedError } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { figuresProblem } from '../documents/verify-proof';
import { TenantInvoice } from '../entities/tenant-invoice.entity';
import { TenantInvoiceLine } from '../entities/tenant-invoice-line.entity';
import { FrozenDocument } from '../entities/tenant-document.entity';
import { Dunning } from '../dunning/dunning';
import { lastDay, monthOf } from '../months';
import { BillingProfiles } from '../profiles/billing-profiles';
import type { DocumentLine, LineOrigin, TenantDocument } from '../pricing/tenant-document';
import { TenantInvoiceNotFoundError, TotalsDifferError, VerbNotPossibleError } from '../tenant-billing.errors';
import { Wallets } from '../wallets/wallets';
import { FrozenDocuments, type TakenNumber } from './frozen-documents';
import { draftNumberOf, invoiceView, type TenantInvoiceView } from './invoice-reader';
import { InvoiceVerbs, type VerbCalls, type VerbOutcome } from './invoice-verbs';

const PLATFORM = { kind: 'platform' } as const;

/** Issues invoices and makes them void. */
@Injectable()
export class InvoiceIssue {
  constructor(
    private readonly verbs: InvoiceVerbs,
    private readonly documents: FrozenDocuments,
    private readonly profiles: BillingProfiles,
    private readonly wallets: Wallets,
    private readonly dunning: Dunning,
  ) {}

  /**
   * Issues an approved invoice. The document is composed and added up by a second computation first; then the number is taken, and in the same
   * transaction the sealed document, audit entry, event and announcement are written. After a crash there is all of it or nothing. `issuedOn`: the day
   * on the document, today unless given. Throws like every verb, `TotalsDifferError`, `ValidationFailedError` for a day in the future or before the end
   * of the month, and `EarlierIssueDateError`. [TBL-3]
   */
  async issue(
    id: string,
    expectedVersion: number | null,
    because: AuditContext,
    issuedOn: string | null = null,
  ): Promise<TenantInvoiceView> {
    const [issued] = await this.issueAll([{ id, expectedVersion }], because, issuedOn);
    if (!issued) throw new TenantInvoiceNotFoundError();
    return issued;
  }

  /** Issues all of them, or none. Throws like `issue`. */
  async issueAll(invoices: VerbCalls['invoices'], because: AuditContext, issuedOn: string | null = null): Promise<TenantInvoiceView[]> {
    const issued = await this.verbs.runAll({ verb: 'issue', invoices, because }, async (em, locked) => {
      await this.requireNotPaused(em, locked);
      const linesOf = await this.linesOf(em, locked);
      const drafts: { readonly draft: TenantDocument; readonly wallet: Money }[] = [];
      for (const invoice of locked) {
        if (issuedOn !== null) requireIssueDate(issuedOn, invoice, await this.today(em, invoice.issuerId));
        const draft = documentOf(invoice, linesOf.get(invoice.id) ?? [], await replacedNumber(em, invoice));
        const problem = figuresProblem(draft);
        if (problem !== undefined) throw new TotalsDifferError(problem);
        drafts.push({ draft, wallet: await this.payFromWallet(em, invoice, because) });
      }
      const outcomes: VerbOutcome[] = [];
      for (const [at, invoice] of locked.entries()) {
        const { draft, wallet } = drafts[at] ?? {};
        if (draft && wallet)
          outcomes.push(await this.number(em, invoice, { draft, wallet, lines: linesOf.get(invoice.id) ?? [], issuedOn }));
      }
      return outcomes;
    });
    return issued.map((one) => invoiceView(one, PLATFORM));
  }

  /** Takes the number and freezes the document: from here on the series is locked. */
  private async number(
    em: EntityManager,
    invoice: TenantInvoice,
    {
      draft,
      wallet,
      lines,
      issuedOn,
    }: { draft: TenantDocument; wallet: Money; lines: readonly TenantInvoiceLine[]; issuedOn: string | null },
  ): Promise<VerbOutcome> {
    const { id: invoiceId, issuerId } = invoice;
    const taken = await this.documents.nextNumber(em, issuerId, 'invoice', issuedOn);
    const left = invoice.total.subtract(wallet);
    const paid = { wallet: amountText(wallet, invoice), due: amountText(left, invoice) };
    const document = { ...draft, ...datesOf(invoice, taken), ...paid };
    const { sealed } = await this.documents.freeze(em, { document, origins: lines.map(originOf), issuerId, invoiceId });
    const { number, issued_on, due_on, total, currency } = document;
    return {
      set: {
        number,
        issuedAt: () => 'clock_timestamp()',
        issuedOn: issued_on,
        dueOn: due_on,
        wallet,
        due: left,
        paymentStatus: left.isZero() ? 'paid' : wallet.isZero() ? 'unpaid' : 'partly_paid',
      },
      details: { number, issued_on, total, wallet: wallet.toText(), currency, root: sealed.root, document_sha256: sealed.sha256 },
      event: { type: 'tenant_invoice.issued', data: { number, period: document.period, total, currency, due_on } },
    };
  }

  /** Makes an issued invoice void: its number stays used, and a second document states it. Throws like every verb. */
  async void(id: string, expectedVersion: number | null, because: AuditContext): Promise<TenantInvoiceView> {
    const voided = await this.verbs.run({ id, verb: 'void', expectedVersion, because }, async (em, invoice) => {
      await this.wallets.giveBack(em, id, because.by);
      await this.dunning.end(em, invoice, because);
      const issued = await em.findOneByOrFail(FrozenDocument, { invoiceId: id, kind: 'invoice' });
      const document: TenantDocument = {
        ...(JSON.parse(issued.json) as TenantDocument),
        kind: 'void_notice',
        refers_to: invoice.number,
        issued_on: await this.today(em, invoice.issuerId),
        reason: because.reason ?? '',
      };
      const origins = ((await this.linesOf(em, [invoice])).get(id) ?? []).map(originOf);
      const { sealed } = await this.documents.freeze(em, { document, origins, issuerId: invoice.issuerId, invoiceId: id });
      const { number, period, total, currency } = document;
      return {
        set: { voidedAt: () => 'clock_timestamp()', voidReason: because.reason ?? '', due: Money.parse('0') },
        details: { number, total, currency, root: sealed.root },
        event: { type: 'tenant_invoice.voided', data: { number, period, total, currency } },
      };
    });
    return invoiceView(voided, PLATFORM);
  }

  /** The money wallet pays what it can of the total. */
  private payFromWallet(
    em: EntityManager,
    { id: invoiceId, tenantId, currency, total }: TenantInvoice,
    { by }: AuditContext,
  ): Promise<Money> {
    return this.wallets.take(em, { tenantId, kind: 'money', currency }, total, { cause: 'applied', invoiceId, by });
  }

  private async requireNotPaused(em: EntityManager, invoices: readonly TenantInvoice[]): Promise<void> {
    const profiles = await this.profiles.profilesOf(em, invoices.map(({ tenantId }) => tenantId)); // prettier-ignore
    if (![...profiles.values()].some(({ paused }) => paused)) return;
    throw new VerbNotPossibleError('issue', 'the billing profile of the tenant is paused');
  }

  /** In the order of their numbers, by invoice. */
  private async linesOf(em: EntityManager, invoices: readonly TenantInvoice[]): Promise<Map<string, TenantInvoiceLine[]>> {
    const found = await em.find(TenantInvoiceLine, { where: { invoiceId: In(invoices.map(({ id }) => id)) }, order: { lineNo: 'ASC' } });
    const linesOf = new Map(invoices.map(({ id }) => [id, [] as TenantInvoiceLine[]]));
    for (const line of found) linesOf.get(line.invoiceId)?.push(line);
    return linesOf;
  }

  private async today(em: EntityManager, issuerId: string): Promise<string> {
    const today = `select (clock_timestamp() at time zone time_zone)::date::text as today from billing_issuers where id = $1`;
    const [row] = await sql<{ today: string }>(em, today, [issuerId]); // Fenced: the clock of the database
    return row?.today ?? '';
  }
}

/** An invoice of a month is issued on its last day at the earliest, and none is issued in the future. `today` is that of the issuer. */
function requireIssueDate(day: string, { period }: TenantInvoice, today: string): void {
  const refuse = (message: string): never => {
    throw new ValidationFailedError([{ field: 'issued_on', message }]);
  };
  if (day > today) refuse(`must not be in the future; today is ${today}`);
  if (period === null) return;
  const earliest = lastDay(period);
  if (day < earliest) refuse(`must not be before the end of the month of the invoice, ${earliest}`);
}

async function replacedNumber(em: EntityManager, { replacesId }: TenantInvoice): Promise<string | null> {
  return replacesId === null ? null : (await em.findOneByOrFail(TenantInvoice, { id: replacesId })).number;
}

const amountText = (value: Money, { decimals }: Pick<TenantInvoice, 'decimals'>): string => value.round(decimals, 'half_away').toText();

/** The document as it will be issued, with the name of the draft in place of its number and without dates. */
function documentOf(invoice: TenantInvoice, lines: readonly TenantInvoiceLine[], refersTo: string | null): TenantDocument {
  const { terms, decimals, currency } = invoice;
  if (terms === null || terms.tax === null) throw new VerbNotPossibleError('issue', 'the tax is not decided');
  const amount = (value: Money): string => amountText(value, invoice);
  return {
    kind: 'invoice',
    number: draftNumberOf(invoice.id),
    refers_to: refersTo,
    tenant_id: invoice.tenantId,
    period: invoice.period === null ? null : monthOf(invoice.period),
    issued_on: '',
    due_on: null,
    currency,
    decimals,
    title: terms.tax.title,
    language: terms.language,
    issuer: terms.issuer,
    customer: terms.customer,
    lines: lines.map((line) => lineOf(line, decimals)),
    taxes: invoice.taxes,
    net: amount(invoice.net),
    tax: amount(invoice.tax),
    total: amount(invoice.total),
    wallet: amount(Money.parse('0')),
    due: amount(invoice.total),
    fx: terms.fx,
    reason: null,
  };
}

function lineOf(line: TenantInvoiceLine, decimals: number): DocumentLine {
  if (line.taxCategory === null || line.taxRate === null)
    throw new VerbNotPossibleError('issue', `the tax of line ${line.lineNo} is not decided`);
  return {
    line_no: line.lineNo,
    kind: line.kind,
    description: line.description,
    resource_id: line.resourceId,
    resource_name: line.resourceName,
    quantity: line.quantity,
    unit: line.unit,
    unit_price: line.unitPrice,
    exact: line.exact.toText(),
    net: line.net.round(decimals, 'half_away').toText(),
    tax_category: line.taxCategory,
    tax_rate: line.taxRate,
    correction: line.corrects !== null,
  };
}

const originOf = (line: TenantInvoiceLine): LineOrigin => ({
  line_no: line.lineNo,
  buy: line.buy.toText(),
  explanation: line.explanation,
});

function datesOf({ terms }: TenantInvoice, { number, issuedOn }: TakenNumber) {
  const [year = 0, month = 1, day = 1] = issuedOn.split('-').map(Number);
  const due = new Date(Date.UTC(year, month - 1, day + (terms?.net_days ?? 0)));
  return { number, issued_on: issuedOn, due_on: due.toISOString().slice(0, 10) };
}
