import { Money } from '#libs/kernel';
import type { CreditNote, CreditNoteLine } from '../entities/credit-note.entity';
import type { TenantInvoice } from '../entities/tenant-invoice.entity';
import type { DocumentLine, TenantDocument } from '../pricing/tenant-document';

export type CreditNoteRow = Pick<CreditNoteLine, 'lineNo' | 'description' | 'net' | 'taxCategory' | 'taxRate'>;

/** The document, with the parties as they were on the invoice. */
export function creditNoteDocument(invoice: TenantInvoice, note: CreditNote, rows: readonly CreditNoteRow[]): TenantDocument {
  const { decimals, terms } = invoice;
  if (!terms) throw new Error(`the issued invoice ${invoice.id} has no terms`);
  const text = (amount: Money): string => amount.round(decimals, 'half_away').toText();
  const nothing = text(Money.parse('0'));
  const lineOf = ({ lineNo, description, net, taxCategory, taxRate }: CreditNoteRow): DocumentLine => ({
    line_no: lineNo,
    kind: 'credit',
    description,
    resource_id: null,
    resource_name: null,
    quantity: null,
    unit: '',
    unit_price: null,
    exact: text(net),
    net: text(net),
    tax_category: taxCategory,
    tax_rate: taxRate,
    correction: false,
  });
  return {
    kind: 'credit_note',
    number: note.number,
    refers_to: invoice.number,
    tenant_id: note.tenantId,
    period: invoice.period === null ? null : invoice.period.slice(0, 7),
    issued_on: note.issuedOn,
    due_on: null,
    currency: note.currency,
    decimals,
    title: 'Credit note',
    language: terms.language,
    issuer: terms.issuer,
    customer: terms.customer,
    lines: rows.map(lineOf),
    taxes: note.taxes,
    net: text(note.net),
    tax: text(note.tax),
    total: text(note.total),
    wallet: nothing,
    due: nothing,
    fx: terms.fx,
    reason: note.reason,
  };
}
