/** The words of a printed document. A language that is not here is printed in English. */
export interface DocumentWords {
  readonly invoiceNumber: string;
  readonly creditNoteNumber: string;
  readonly refersTo: string;
  readonly replaces: string;
  readonly issued: string;
  readonly due: string;
  readonly period: string;
  readonly order: string;
  readonly from: string;
  readonly to: string;
  readonly description: string;
  readonly quantity: string;
  /** What a quantity counts, as people write it after the number; empty for pieces. */
  readonly unitOf: (unit: string, quantity: string) => string;
  readonly unitPrice: string;
  readonly lineNet: string;
  readonly lineTax: string;
  readonly correction: string;
  readonly net: string;
  readonly taxOf: (label: string, net: string) => string;
  readonly total: string;
  readonly credited: string;
  readonly wallet: string;
  readonly amountDue: string;
  readonly by: (date: string) => string;
  readonly payment: string;
  readonly reason: string;
  readonly exchange: (fx: { readonly rate: string; readonly source: string; readonly on: string }) => string;
  readonly page: (page: number, of: number) => string;
  readonly proof: string;
  readonly void: string;
  readonly voidNotice: (number: string) => string;
  /** `2026-11-03` as people write it. */
  readonly date: (day: string) => string;
  /** `2026-10` as people write it. */
  readonly month: (month: string) => string;
  readonly thousands: string;
}

/** Names of months come from here and not from the machine, because a document is rendered to the same bytes everywhere. */
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const month = (text: string): string => `${MONTHS[Number(text.slice(5, 7)) - 1] ?? ''} ${text.slice(0, 4)}`;
const date = (text: string): string => `${Number(text.slice(8, 10))} ${month(text)}`;

/** Units that rating writes; those of lines that people wrote are printed as they are. */
const PLURALS: Readonly<Record<string, string>> = { hour: 'hours', backup: 'backups' };

const ENGLISH: DocumentWords = {
  invoiceNumber: 'Invoice number',
  creditNoteNumber: 'Credit note number',
  refersTo: 'For invoice',
  replaces: 'Replaces',
  issued: 'Issue date',
  due: 'Due date',
  period: 'Billing period',
  order: 'Purchase order',
  from: 'From',
  to: 'Bill to',
  description: 'Description',
  quantity: 'Quantity',
  unitOf: (unit, quantity) => (unit === 'each' ? '' : PLURALS[unit] !== undefined && quantity !== '1' ? PLURALS[unit] : unit),
  unitPrice: 'Unit price',
  lineNet: 'Net',
  lineTax: 'Tax',
  correction: 'Correction: ',
  net: 'Net',
  taxOf: (label, net) => `${label} on ${net}`,
  total: 'Total',
  credited: 'Total credited',
  wallet: 'Paid from wallet',
  amountDue: 'Amount due',
  by: (day) => `by ${day}`,
  payment: 'Payment',
  reason: 'Reason',
  exchange: ({ rate, source, on }) => `Exchange rate ${rate} of ${date(on)} (${source})`,
  page: (page, of) => `Page ${page} of ${of}`,
  proof: 'Proof',
  void: 'VOID',
  voidNotice: (number) => `Invoice ${number} is void. Nothing is to be paid for it.`,
  date,
  month,
  thousands: ',',
};

const LANGUAGES: Readonly<Record<string, DocumentWords>> = { en: ENGLISH };

/** The words of a language such as `en` or `en-AU`. */
export const wordsOf = (language: string): DocumentWords => LANGUAGES[language.slice(0, 2).toLowerCase()] ?? ENGLISH;

/** A printed amount, with separators between thousands. */
export function printedAmount(amount: string, { thousands }: DocumentWords): string {
  const [whole = '', fraction] = amount.split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, thousands).replace('-', '−');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
