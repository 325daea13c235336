import type { DocumentParty, TaxCategory } from './tenant-document';

/** Where an invoice is. The number of an issued one stays used when it is made void. */
export const INVOICE_STATUSES = ['draft', 'ready', 'issued', 'void'] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

/** Of issued invoices. */
export const PAYMENT_STATUSES = ['unpaid', 'partly_paid', 'paid', 'written_off'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** Tax is decided with the approval, and undecided again when the approval is taken back. */
export const TAX_STATUSES = ['undecided', 'decided'] as const;
export type TaxStatus = (typeof TAX_STATUSES)[number];

export const INVOICE_VERBS = ['refresh', 'adjust', 'approve', 'unapprove', 'issue', 'void', 'credit', 'pay', 'write_off'] as const;
export type InvoiceVerb = (typeof INVOICE_VERBS)[number];

export interface InvoiceTransition {
  readonly from: InvoiceStatus;
  readonly to: InvoiceStatus;
  /** The payment statuses in which the verb is possible. */
  readonly payment: readonly PaymentStatus[];
}

const ANY = PAYMENT_STATUSES;
const OPEN = ['unpaid', 'partly_paid'] as const;

/** All verbs. The table of `docs/tenant-billing.md` is compared with it. */
export const INVOICE_TRANSITIONS: Readonly<Record<InvoiceVerb, InvoiceTransition>> = {
  refresh: { from: 'draft', to: 'draft', payment: ANY },
  adjust: { from: 'draft', to: 'draft', payment: ANY },
  approve: { from: 'draft', to: 'ready', payment: ANY },
  unapprove: { from: 'ready', to: 'draft', payment: ANY },
  issue: { from: 'ready', to: 'issued', payment: ANY },
  void: { from: 'issued', to: 'void', payment: ['unpaid', 'partly_paid', 'paid'] },
  credit: { from: 'issued', to: 'issued', payment: ANY },
  pay: { from: 'issued', to: 'issued', payment: ANY },
  write_off: { from: 'issued', to: 'issued', payment: OPEN },
};

/** Which payment statuses may follow each. Backwards: by a refund or a chargeback. A credit note may pay an invoice. */
export const PAYMENT_TRANSITIONS: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  unpaid: ['partly_paid', 'paid', 'written_off'],
  partly_paid: ['unpaid', 'partly_paid', 'paid', 'written_off'],
  paid: ['unpaid', 'partly_paid', 'paid'],
  written_off: ['partly_paid', 'paid'],
};

/** Whether the payment status may become this one, or stays. */
export const mayBecome = (from: PaymentStatus, to: PaymentStatus): boolean => from === to || PAYMENT_TRANSITIONS[from].includes(to);

/** What decides which verbs are possible. */
export interface InvoiceState {
  readonly status: InvoiceStatus;
  readonly paymentStatus: PaymentStatus;
  readonly problems: readonly { readonly code: string; readonly severity: 'critical' | 'warning' }[];
  /** Whether something is paid or credited. */
  readonly isTouched: boolean;
}

export const isCritical = ({ severity }: { readonly severity: 'critical' | 'warning' }): boolean => severity === 'critical';

/** Whether the table allows the verb. It may be refused still, for a reason that only the verb knows. */
export function isPossible(verb: InvoiceVerb, { status, paymentStatus, problems, isTouched }: InvoiceState): boolean {
  const { from, payment } = INVOICE_TRANSITIONS[verb];
  if (status !== from || !payment.includes(paymentStatus)) return false;
  if (verb === 'approve') return !problems.some(isCritical);
  return verb !== 'void' || !isTouched;
}

/** The verbs that are possible now, for the field `actions`. */
export const actionsOf = (state: InvoiceState): InvoiceVerb[] => INVOICE_VERBS.filter((verb) => isPossible(verb, state));

/** Something about a draft that a person has to check. A critical one stops it. */
export interface InvoiceProblem {
  /** Such as `no_rate`, `profile_incomplete`, `tax_undecided`, `no_fx_rate` or `zero_total`. */
  readonly code: string;
  readonly severity: 'critical' | 'warning';
  /** What it is about, such as `tenants/acme`. */
  readonly path: string;
  readonly detail: string;
}

/** A line that a person added to a draft, in the currency of the invoice. */
export interface Adjustment {
  readonly id: string;
  readonly description: string;
  readonly quantity: string;
  readonly unit: string;
  readonly unit_price: string;
  /** Of the price: that of the draft when the line was added. Undefined before it is written, and for lines of 0.2.0 until then. */
  readonly currency?: string;
  readonly reason: string;
  readonly added_by: string;
}

/** What a US dollar costs in the currency of an invoice. */
export interface ExchangeRate {
  readonly rate: string;
  readonly source: string;
  readonly on: string;
}

/** The tax of an invoice, with the evidence for the decision. */
export interface FrozenTax {
  readonly status: 'decided';
  readonly category: TaxCategory;
  /** Percent, decimal text. */
  readonly rate: string;
  readonly label: string;
  readonly text: string | null;
  /** The title of the document. */
  readonly title: string;
  readonly evidence: object;
}

/** What a document prints besides its lines, frozen at the approval. [TBL-9] */
export interface FrozenTerms {
  readonly issuer: DocumentParty & { readonly bank_text: string | null; readonly logo_sha256: string | null };
  readonly customer: DocumentParty & { readonly purchase_order: string | null };
  readonly language: string;
  readonly net_days: number;
  /** Null while it is undecided. */
  readonly tax: FrozenTax | null;
  readonly fx: ExchangeRate | null;
}
