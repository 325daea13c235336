/** What is printed. `void_notice`: the second document of an invoice that was made void. */
export const DOCUMENT_KINDS = ['invoice', 'credit_note', 'void_notice'] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** A category of tax after EN 16931: S standard, Z zero, E exempt, AE reverse charge, O outside the scope, G export. */
export const TAX_CATEGORIES = ['S', 'Z', 'E', 'AE', 'O', 'G'] as const;
export type TaxCategory = (typeof TAX_CATEGORIES)[number];

/** Pictures that documents print. */
export const LOGO_TYPES = ['image/png', 'image/jpeg'] as const;
export type LogoType = (typeof LOGO_TYPES)[number];

/** A legal party as it was when the document was issued. */
export interface DocumentParty {
  readonly name: string;
  /** Lines are separated by line feeds. */
  readonly address: string;
  /** ISO 3166-1, two letters. */
  readonly country: string;
  readonly tax_ids: readonly { readonly kind: string; readonly id: string }[];
}

export interface DocumentLine {
  readonly line_no: number;
  /** `usage`, `shared`, `adjustment`, `correction`, or a kind of the monthly terms. */
  readonly kind: string;
  readonly description: string;
  readonly resource_id: string | null;
  readonly resource_name: string | null;
  /** Decimal text; null where the provider counts nothing. */
  readonly quantity: string | null;
  readonly unit: string;
  /** Decimal text; null where no single price stands behind the line. Otherwise `exact` is `quantity` × `unit_price`, to the last digit. */
  readonly unit_price: string | null;
  /** The exact sell value before it was rounded, decimal text. */
  readonly exact: string;
  /** With all decimal places of the currency: `12.30`. It is made by `roundTogether` from the exact values of all lines of one category and rate. */
  readonly net: string;
  readonly tax_category: TaxCategory;
  /** Percent, decimal text. */
  readonly tax_rate: string;
  /** Corrects a month that was issued before. */
  readonly correction: boolean;
}

/** The tax of all lines of one category and rate; it is computed on their net, half away from zero. */
export interface DocumentTax {
  readonly category: TaxCategory;
  readonly rate: string;
  /** Such as `GST 10 %`. */
  readonly label: string;
  /** Words that the law asks for, such as those of the reverse charge; null for none. */
  readonly text: string | null;
  readonly net: string;
  readonly tax: string;
}

/**
 * A document as it was issued. It is frozen as JSON, and PDF, CSV, proofs and the responses of the API are made from it alone. Amounts are decimal text in
 * minor units of the currency. It has sell amounts only.
 */
export interface TenantDocument {
  readonly kind: DocumentKind;
  readonly number: string;
  /** The invoice that a credit note or a void notice is about, or the void one that an invoice replaces. */
  readonly refers_to: string | null;
  readonly tenant_id: string;
  /** `2026-10`; null for a one-off invoice. */
  readonly period: string | null;
  /** Dates are `2026-11-03`, in the issuer's time zone. */
  readonly issued_on: string;
  readonly due_on: string | null;
  /** ISO 4217. */
  readonly currency: string;
  /** The number of decimal places of the currency: 2, for JPY 0. */
  readonly decimals: number;
  /** The document's title, such as `Tax invoice`. */
  readonly title: string;
  readonly language: string;
  readonly issuer: DocumentParty & { readonly bank_text: string | null; readonly logo_sha256: string | null };
  readonly customer: DocumentParty & { readonly purchase_order: string | null };
  readonly lines: readonly DocumentLine[];
  readonly taxes: readonly DocumentTax[];
  readonly net: string;
  readonly tax: string;
  readonly total: string;
  /** What was paid from the money wallet when it was issued, decimal text. */
  readonly wallet: string;
  /** What is left to pay. */
  readonly due: string;
  /** The rate from the provider's currency, where the document has another one. */
  readonly fx: { readonly rate: string; readonly source: string; readonly on: string } | null;
  /** Why it was credited or made void; null for an invoice. */
  readonly reason: string | null;
}

/** What stands behind a line, for the issuer only: committed to in the tenant's proof, opened in the issuer's. */
export interface LineOrigin {
  readonly line_no: number;
  /** In the provider's currency, decimal text. */
  readonly buy: string;
  /** Canonical JSON of the explanation: provider line, owner rule, pool and share, card version, rate, steps of the model. */
  readonly explanation: unknown;
}

/** Decimal places of the currencies that have not two (ISO 4217). */
const OTHER_DECIMALS: Readonly<Record<string, number>> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
}; // prettier-ignore

/** Decimal places of a currency: 2, for JPY 0, for KWD 3. */
export const decimalsOf = (currency: string): number => OTHER_DECIMALS[currency] ?? 2;
