import type { AuditContext } from '#libs/audit';
import type { Scope } from '#libs/identity';
import { Money, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { Any, type EntityManager } from 'typeorm';
import type { DocumentTax, TaxCategory } from '../pricing/tenant-document';
import { CreditNote, CreditNoteLine } from '../entities/credit-note.entity';
import type { TenantInvoice } from '../entities/tenant-invoice.entity';
import { TenantInvoiceLine } from '../entities/tenant-invoice-line.entity';
import { FrozenDocuments } from '../invoices/frozen-documents';
import { InvoiceVerbs } from '../invoices/invoice-verbs';
import { NotCreditableError } from '../tenant-billing.errors';
import { Dunning } from '../dunning/dunning';
import { openRefunds, statusAfter } from './payments';
import { invoiceNumbers, ScopedLists, type InvoiceNumbers } from '../wallets/scoped-lists';
import { creditNoteDocument } from './credit-document';
import { creditTaxes, splitCredit, type CreditRest, type CreditSplit } from './split-money';
import { least } from '../wallets/draw-lots';
import { Wallets } from '../wallets/wallets';

export interface NewCreditNote {
  readonly lines: readonly { readonly line_no: number; readonly net: Money }[];
  readonly rest: CreditRest;
}

export interface CreditNoteLineView {
  /** Of the invoice. */
  readonly line_no: number;
  readonly description: string;
  readonly net: string;
  readonly tax_category: TaxCategory;
  readonly tax_rate: string;
}

export interface CreditNoteView {
  readonly id: string;
  readonly number: string;
  readonly invoice_id: string;
  readonly invoice_number: string | null;
  readonly tenant_id: string;
  readonly currency: string;
  readonly lines: readonly CreditNoteLineView[];
  readonly net: string;
  readonly tax: string;
  readonly total: string;
  readonly lowers_due: string;
  readonly rest: { readonly refund: string; readonly wallet: string; readonly out_of_band: string };
  readonly reason: string;
  readonly issued_on: string;
  readonly created_at: string;
}

export interface CreditNoteFilters {
  readonly invoice_id?: string;
  readonly tenant_id?: string;
  readonly currency?: string;
  readonly number?: string;
  readonly issued_on?: string;
}

/** A line of an invoice with the net that is credited of it now. */
interface Credited {
  readonly line: TenantInvoiceLine;
  readonly net: Money;
}

interface Amounts {
  readonly taxes: readonly DocumentTax[];
  readonly net: Money;
  readonly tax: Money;
  readonly total: Money;
}

/** Takes back parts of issued invoices: the only writer of `credit_notes` and `credit_note_lines`. [TBL-6] */
@Injectable()
export class CreditNotes {
  constructor(
    private readonly verbs: InvoiceVerbs,
    private readonly documents: FrozenDocuments,
    private readonly wallets: Wallets,
    private readonly dunning: Dunning,
    private readonly lists: ScopedLists,
  ) {}

  /** Newest first. A tenant gets its own. */
  list(scope: Scope, page: PageRequest, filters: CreditNoteFilters = {}): Promise<ListAnswer<CreditNoteView>> {
    return this.lists.list(scope, CreditNote, page, filters, async (notes, em) => {
      const where = { creditNoteId: Any(notes.map(({ id }) => id)) };
      const lines = await em.find(CreditNoteLine, { where, order: { creditNoteId: 'ASC', lineNo: 'ASC' } });
      const numbers = await invoiceNumbers(em, notes);
      return notes.map((note) => noteView(note, numbers, lines.filter(({ creditNoteId }) => creditNoteId === note.id))); // prettier-ignore
    });
  }

  /**
   * Issues a credit note: its number, rows, frozen document, and what it does to the invoice and the wallet, in one transaction. Throws like every
   * verb, `ValidationFailedError`, and `NotCreditableError` for more than is left of a line or of the invoice.
   */
  async credit(id: string, { lines, rest }: NewCreditNote, expectedVersion: number, because: AuditContext): Promise<CreditNoteView> {
    let issued: CreditNoteView | undefined;
    await this.verbs.run({ id, verb: 'credit', expectedVersion, because }, async (em, invoice) => {
      const before = await em.findBy(CreditNoteLine, { invoiceId: id });
      const credited = await creditedLines(em, invoice, lines, before);
      const amounts = amountsOf(invoice, credited, before);
      const split = splitCredit(amounts.total, invoice.due, rest, await paidOf(em, invoice));
      const note = await this.write(em, invoice, credited, amounts, split, because);
      if (!split.wallet.isZero()) await this.toWallet(em, note, because);
      const due = invoice.due.subtract(split.lowersDue);
      if (due.isZero()) await this.dunning.end(em, invoice, because);
      issued = noteView(
        note,
        new Map([[id, invoice.number]]),
        await em.find(CreditNoteLine, { where: { creditNoteId: note.id }, order: { lineNo: 'ASC' } }),
      );
      const { number, total, lowers_due, rest: settled, currency } = issued;
      return {
        set: { due, credited: invoice.credited.add(note.total), paymentStatus: statusAfter(invoice, { due, paid: invoice.paid }) },
        details: { credit_note_id: note.id, number, total, lowers_due, rest: settled },
        event: { type: 'credit_note.issued', data: { credit_note_id: note.id, number, invoice: invoice.number, total, currency } },
      };
    });
    if (!issued) throw new Error('the credit note was not issued');
    return issued;
  }

  private async write(
    em: EntityManager,
    invoice: TenantInvoice,
    credited: readonly Credited[],
    amounts: Amounts,
    split: CreditSplit,
    because: AuditContext,
  ) {
    const { id: invoiceId, tenantId, issuerId, currency } = invoice;
    const reason = because.reason ?? '';
    const { number, issuedOn } = await this.documents.nextNumber(em, issuerId, 'credit_note');
    const { net, tax, total, taxes } = amounts;
    const { lowersDue, refund, wallet, out_of_band: outOfBand } = split;
    const of = { issuerId, tenantId, invoiceId, number, currency, reason, issuedOn, createdBy: because.by.sub };
    const { identifiers } = await em.insert(CreditNote, { ...of, net, tax, total, taxes, lowersDue, refund, wallet, outOfBand });
    const note = await em.findOneByOrFail(CreditNote, { id: String(identifiers[0]?.id) });
    const rows = credited.map(({ line, net: part }, at) => ({
      creditNoteId: note.id,
      lineNo: at + 1,
      tenantId,
      invoiceId,
      invoiceLineNo: line.lineNo,
      description: line.description,
      net: part,
      taxCategory: line.taxCategory ?? 'O',
      taxRate: line.taxRate ?? '0',
    }));
    await em.insert(CreditNoteLine, rows);
    const origins = credited.map(({ line }, at) => ({
      line_no: at + 1,
      buy: '0',
      explanation: { invoice: invoice.number, line_no: line.lineNo },
    }));
    await this.documents.freeze(em, { document: creditNoteDocument(invoice, note, rows), origins, issuerId, invoiceId });
    return note;
  }

  private async toWallet(
    em: EntityManager,
    { id: creditNoteId, invoiceId, tenantId, currency, wallet: amount }: CreditNote,
    { by }: AuditContext,
  ) {
    const origin = { cause: 'credit_note', creditNoteId, invoiceId, by } as const;
    await this.wallets.addLot(em, { tenantId, kind: 'money', currency }, { amount, source: 'purchased' }, origin);
  }
}

/** The lines of the invoice that are credited. Throws `ValidationFailedError`, and `NotCreditableError` for more than is left of one. */
async function creditedLines(
  em: EntityManager,
  { id: invoiceId, decimals, currency }: TenantInvoice,
  asked: NewCreditNote['lines'],
  before: readonly CreditNoteLine[],
): Promise<Credited[]> {
  const found = await em.findBy(TenantInvoiceLine, { invoiceId, lineNo: Any(asked.map(({ line_no }) => line_no)) });
  return asked.map(({ line_no, net }, at) => {
    const refuse = (field: string, message: string) => new ValidationFailedError([{ field: `lines.${at}.${field}`, message }]);
    const line = found.find(({ lineNo }) => lineNo === line_no);
    if (!line) throw refuse('line_no', `must be the number of a line of the invoice; it has no line ${line_no}`);
    if (net.isZero() || !net.round(decimals, 'half_away').equals(net))
      throw refuse('net', `must not be 0, with at most ${decimals} decimal places in ${currency}`);
    const earlier = before.filter(({ invoiceLineNo }) => invoiceLineNo === line_no).map((one) => one.net);
    const left = line.net.subtract(Money.sum(earlier));
    const isWithin = net.isNegative() ? line.net.isNegative() && net.compare(left) >= 0 : !line.net.isNegative() && net.compare(left) <= 0;
    if (!isWithin) throw new NotCreditableError(`the line ${line_no}`, `${left.round(decimals, 'half_away').toText()} ${currency} net`);
    return { line, net: net.round(decimals, 'half_away') };
  });
}

/** Throws `ValidationFailedError` for a total that is not above zero, and `NotCreditableError` for more than is left of the invoice. */
function amountsOf(invoice: TenantInvoice, credited: readonly Credited[], before: readonly CreditNoteLine[]): Amounts {
  const { decimals, currency } = invoice;
  const wordsOf = (category: TaxCategory, rate: string) =>
    invoice.taxes.find((one) => one.category === category && Money.parse(one.rate).equals(Money.parse(rate))) ?? {
      label: category,
      text: null,
    };
  const now = credited.map(({ line, net }) => ({ net, category: line.taxCategory ?? ('O' as const), rate: line.taxRate ?? '0' }));
  const earlier = before.map(({ net, taxCategory, taxRate }) => ({ net, category: taxCategory, rate: taxRate }));
  const taxes = creditTaxes(now, earlier, decimals, wordsOf);
  const net = Money.sum(credited.map((one) => one.net)).round(decimals, 'half_away');
  const tax = Money.sum(taxes.map((one) => Money.parse(one.tax))).round(decimals, 'half_away');
  const total = net.add(tax);
  if (total.isNegative() || total.isZero())
    throw new ValidationFailedError([
      { field: 'lines', message: 'must add up to more than 0: a credit note takes back a part of the invoice' },
    ]);
  const left = invoice.total.subtract(invoice.credited);
  if (total.compare(left) > 0)
    throw new NotCreditableError(
      `the invoice ${invoice.number ?? invoice.id}`,
      `${left.round(decimals, 'half_away').toText()} ${currency}`,
    );
  return { taxes, net, tax, total };
}

/** What was paid of an invoice and not given back. */
async function paidOf(
  em: EntityManager,
  { id: invoiceId, paid, wallet }: TenantInvoice,
): Promise<{ refundable: Money; returnable: Money }> {
  const notes = await em.findBy(CreditNote, { invoiceId });
  const open = await openRefunds(em, invoiceId);
  const returnable = paid
    .add(wallet)
    .subtract(open)
    .subtract(Money.sum(notes.map((note) => note.wallet)));
  return { refundable: least(paid.subtract(open), returnable), returnable };
}

const noteView = (note: CreditNote, numbers: InvoiceNumbers, lines: readonly CreditNoteLine[]): CreditNoteView => ({
  id: note.id,
  number: note.number,
  invoice_id: note.invoiceId,
  invoice_number: numbers.get(note.invoiceId) ?? null,
  tenant_id: note.tenantId,
  currency: note.currency,
  lines: lines.map(({ invoiceLineNo, description, net, taxCategory, taxRate }) => ({
    line_no: invoiceLineNo,
    description,
    net: net.toAmountText(),
    tax_category: taxCategory,
    tax_rate: taxRate,
  })),
  net: note.net.toAmountText(),
  tax: note.tax.toAmountText(),
  total: note.total.toAmountText(),
  lowers_due: note.lowersDue.toAmountText(),
  rest: { refund: note.refund.toAmountText(), wallet: note.wallet.toAmountText(), out_of_band: note.outOfBand.toAmountText() },
  reason: note.reason,
  issued_on: note.issuedOn,
  created_at: note.createdAt.toISOString(),
});
