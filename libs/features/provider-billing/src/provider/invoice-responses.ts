import { idText, MalformedAnswerError, optionalIdText, optionalRecord, optionalText, record, text, type Fields } from '#libs/digitalocean';
import { amountText } from '../document/amount';
import { lineTime } from '../document/line-time';

/** The longest text of a history entry that is stored; the rest is cut off. */
const LONGEST_TEXT = 500;

/** A row of `GET /v2/customers/my/billing_history`. Today `type` has ten values; unknown ones are stored unchanged. */
export interface HistoryEntry {
  readonly type: string;
  readonly description: string;
  /** Payments and credits are negative. */
  readonly amount: string;
  readonly occurredAt: string;
  readonly invoiceUuid: string;
  readonly invoiceNumber: string | null;
}

export function parseHistoryEntry(raw: unknown): HistoryEntry {
  const entry = record(raw, 'billing_history');
  return {
    type: text(entry, 'type').slice(0, LONGEST_TEXT),
    description: (optionalText(entry, 'description') ?? '').slice(0, LONGEST_TEXT),
    amount: money(entry, 'amount'),
    occurredAt: timeText(entry, 'date'),
    invoiceUuid: optionalIdText(entry, 'invoice_uuid') ?? '',
    invoiceNumber: optionalIdText(entry, 'invoice_id'),
  };
}

/** A header of `GET /v2/customers/my/invoices`. The preview is listed like an invoice. */
export interface InvoiceHeader {
  readonly invoiceUuid: string;
  readonly invoiceNumber: string | null;
  readonly amount: string;
  /** First day of the month, `2026-04-01`. */
  readonly period: string;
}

export function parseInvoiceHeader(raw: unknown): InvoiceHeader {
  const header = record(raw, 'invoice');
  return {
    invoiceUuid: idText(header, 'invoice_uuid'),
    invoiceNumber: optionalIdText(header, 'invoice_id'),
    amount: money(header, 'amount'),
    period: `${month(text(header, 'invoice_period'))}-01`,
  };
}

export interface InvoicePreview {
  readonly invoiceUuid: string | null;
  readonly amount: string;
  readonly period: string | null;
  readonly updatedAt: string | null;
}

/** The response has `invoice_preview` next to the list, or lacks it. */
export function parsePreview(raw: unknown): InvoicePreview | null {
  const preview = optionalRecord(record(raw, 'the answer').invoice_preview, 'invoice_preview');
  if (!preview) return null;
  const period = optionalText(preview, 'invoice_period');
  return {
    invoiceUuid: optionalIdText(preview, 'invoice_uuid'),
    amount: money(preview, 'amount'),
    period: period === null ? null : `${month(period)}-01`,
    updatedAt: time(preview, 'updated_at'),
  };
}

/** The totals of an invoice's summary, as decimal text. */
export interface InvoiceSummary {
  readonly amount: string | null;
  readonly taxes: string | null;
  readonly product_charges: string | null;
  readonly overages: string | null;
  readonly credits_and_adjustments: string | null;
}

export function parseSummary(raw: unknown): InvoiceSummary {
  const summary = record(raw, 'summary');
  const chargeOf = (name: string) => {
    const charge = optionalRecord(summary[name], name);
    return charge && charge.amount !== undefined && charge.amount !== null ? money(charge, 'amount') : null;
  };
  return {
    amount: optionalText(summary, 'amount') === null ? null : money(summary, 'amount'),
    taxes: chargeOf('taxes'),
    product_charges: chargeOf('product_charges'),
    overages: chargeOf('overages'),
    credits_and_adjustments: chargeOf('credits_and_adjustments'),
  };
}

/**
 * One item of an invoice as JSON: a line of the document with the ids that the document lacks. Fields are named like the staging table's.
 */
export interface InvoiceItem {
  readonly product: string;
  readonly description: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly amount: string;
  readonly project_name: string | null;
  readonly ref_id: string | null;
  readonly ref_uuid: string | null;
}

export function parseItem(raw: unknown): InvoiceItem {
  const item = record(raw, 'invoice_items');
  return {
    product: text(item, 'product'),
    description: optionalText(item, 'description') ?? '',
    started_at: time(item, 'start_time'),
    ended_at: time(item, 'end_time'),
    amount: money(item, 'amount'),
    project_name: optionalText(item, 'project_name'),
    ref_id: reference(item, 'resource_id'),
    ref_uuid: reference(item, 'resource_uuid'),
  };
}

/** Usually text, sometimes a number, and empty for account-wide items. */
function reference(from: Fields, field: string): string | null {
  const value = from[field];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return optionalText(from, field)?.trim().toLowerCase() || null;
}

function money(from: Fields, field: string): string {
  return readAs(field, 'an amount', () => amountText(text(from, field)));
}

/** A required time, in RFC 3339, UTC. */
export function timeText(from: Fields, field: string): string {
  return time(from, field) ?? missing(field);
}

function time(from: Fields, field: string): string | null {
  const written = optionalText(from, field);
  return written === null ? null : readAs(field, 'a time', () => lineTime(written));
}

function month(written: string): string {
  if (!/^(19|20|21)\d{2}-(0[1-9]|1[0-2])$/.test(written)) throw new MalformedAnswerError('invoice_period is not a month');
  return written;
}

function missing(field: string): never {
  throw new MalformedAnswerError(`${field} is missing`);
}

function readAs<T>(field: string, expected: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedAnswerError) throw error;
    throw new MalformedAnswerError(`${field} is not ${expected}`);
  }
}
