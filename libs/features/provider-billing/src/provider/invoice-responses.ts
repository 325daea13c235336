import { MalformedAnswerError } from '#libs/digitalocean';
import { Money } from '#libs/kernel';
import { z } from 'zod';
import { amountText, lineTime, UNREADABLE } from '../document/cells';

/** The longest text of a history entry that is stored; the rest is cut off. */
const LONGEST_STORED_TEXT = 500;
const LONGEST_TEXT = 65_536;

/** Schemas tolerate unknown fields. Each message completes "<path> …" and never quotes the value. */
const isNot = (what: string) => ({ error: `is not ${what}` });
const text = z.string(isNot('text')).max(LONGEST_TEXT, isNot(`text of at most ${LONGEST_TEXT} characters`));

/** A field that may be missing. The provider also writes that as `null`, `""`, `{}` or `[]`; all of them are null here. */
function optional<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (isNothing(value) ? null : value), schema.nullable());
}

function isNothing(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() === '';
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

const optionalText = optional(text);

/** The provider's ids are text or whole numbers; here they are always text. */
const isNoId = isNot('an id');
const id = z.union(
  [
    z
      .string()
      .max(255, isNoId)
      .regex(/^\P{Cc}+$/u, isNoId),
    z.int().transform(String),
  ],
  isNoId,
);
const optionalId = optional(id);

const amount = readAs('an amount', amountText);
const optionalTime = optional(readAs('a time', lineTime));
/** RFC 3339, UTC. */
const requiredTime = optionalTime.transform((value, context) => value ?? refuse(context, 'is missing'));
/** A time that is null where it cannot be read, too. */
const readableTime = optional(text.transform((value) => whenReadable(lineTime(value))));
const firstDay = text.regex(/^(19|20|21)\d{2}-(0[1-9]|1[0-2])$/, isNot('a month')).transform((month) => `${month}-01`);

/** A text that a reader of the document can read. */
function readAs<T extends string | null>(what: string, read: (cell: string) => T | typeof UNREADABLE) {
  return text.transform((value, context): T => {
    try {
      const found = read(value);
      if (found !== UNREADABLE) return found;
    } catch {
      // the reader of amounts throws
    }
    return refuse(context, `is not ${what}`);
  });
}

const dateOf = (time: string | null): Date | null => (time === null ? null : new Date(time));

const whenReadable = (time: string | null | typeof UNREADABLE): string | null => (time === UNREADABLE ? null : time);

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

/** An object of a response, by the names of its fields there; `build` gives them ours. */
function parser<S extends z.ZodRawShape, T>(name: string, shape: S, build: (fields: z.infer<z.ZodObject<S>>) => T): (raw: unknown) => T {
  const schema = z.object(shape, isNot('an object'));
  return (raw) => {
    const { success, data, error } = schema.safeParse(raw);
    if (success) return build(data);
    const [issue] = error.issues;
    throw new MalformedAnswerError(`${issue?.path.join('.') || name} ${issue?.message}`);
  };
}

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

export const parseHistoryEntry = parser(
  'billing_history',
  { type: text, description: optionalText, amount, date: requiredTime, invoice_uuid: optionalId, invoice_id: optionalId },
  (entry): HistoryEntry => ({
    type: entry.type.slice(0, LONGEST_STORED_TEXT),
    description: (entry.description ?? '').slice(0, LONGEST_STORED_TEXT),
    amount: entry.amount,
    occurredAt: entry.date,
    invoiceUuid: entry.invoice_uuid ?? '',
    invoiceNumber: entry.invoice_id,
  }),
);

/** A header of `GET /v2/customers/my/invoices`. The preview is listed like an invoice. */
export interface InvoiceHeader {
  readonly invoiceUuid: string;
  readonly invoiceNumber: string | null;
  readonly amount: string;
  /** First day of the month, `2026-04-01`. */
  readonly period: string;
}

export const parseInvoiceHeader = parser(
  'invoice',
  { invoice_uuid: id, invoice_id: optionalId, amount, invoice_period: firstDay },
  (header): InvoiceHeader => ({
    invoiceUuid: header.invoice_uuid,
    invoiceNumber: header.invoice_id,
    amount: header.amount,
    period: header.invoice_period,
  }),
);

/** The preview of the next invoice. */
export interface ListedPreview {
  readonly invoiceUuid: string | null;
  readonly amount: Money;
  readonly period: string | null;
  readonly updatedAt: Date | null;
}

const preview = z.object(
  { invoice_uuid: optionalId, amount, invoice_period: optional(firstDay), updated_at: readableTime },
  isNot('an object'),
);

/** The response has `invoice_preview` next to the list, or lacks it. */
export const parsePreview = parser(
  'the answer',
  { invoice_preview: optional(preview) },
  ({ invoice_preview: listed }): ListedPreview | null =>
    listed
      ? {
          invoiceUuid: listed.invoice_uuid,
          amount: Money.parse(listed.amount),
          period: listed.invoice_period,
          updatedAt: dateOf(listed.updated_at),
        }
      : null,
);

/** The totals of an invoice's summary, as decimal text. */
export interface InvoiceSummary {
  readonly amount: string | null;
  readonly taxes: string | null;
  readonly product_charges: string | null;
  readonly overages: string | null;
  readonly credits_and_adjustments: string | null;
}

const total = optional(amount);
const charge = optional(z.object({ amount: total }, isNot('an object'))).transform((value) => value?.amount ?? null);

export const parseSummary = parser(
  'summary',
  { amount: total, taxes: charge, product_charges: charge, overages: charge, credits_and_adjustments: charge },
  (summary): InvoiceSummary => summary,
);

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

/** Usually text, sometimes a number, and empty for account-wide items. */
const reference = optional(z.union([z.int().transform(String), text], isNot('text'))).transform(
  (value) => value?.trim().toLowerCase() ?? null,
);
/** Text without blanks around it, as the reader of the document reads its cells: the two are compared. */
const cell = text.transform((value) => value.trim());

export const parseItem = parser(
  'invoice_items',
  {
    product: cell,
    description: optional(cell),
    start_time: readableTime,
    end_time: readableTime,
    amount,
    project_name: optional(cell),
    resource_id: reference,
    resource_uuid: reference,
  },
  (item): InvoiceItem => ({
    product: item.product,
    description: item.description ?? '',
    started_at: item.start_time,
    ended_at: item.end_time,
    amount: item.amount,
    project_name: item.project_name,
    ref_id: item.resource_id,
    ref_uuid: item.resource_uuid,
  }),
);

/** At most six decimal places, and only the plain form, which the balance has always had. */
const plainAmount = text.regex(/^-?\d{1,12}(\.\d{1,6})?$/, isNot('an amount')).transform((value) => Money.parse(value));

/** `GET /v2/customers/my/balance` returns a bare object with amounts as decimal text. No money depends on its time, which may be null. */
export const parseBalance = parser(
  'balance',
  { month_to_date_balance: plainAmount, account_balance: plainAmount, month_to_date_usage: plainAmount, generated_at: readableTime },
  (balance) => ({
    monthToDateBalance: balance.month_to_date_balance,
    accountBalance: balance.account_balance,
    monthToDateUsage: balance.month_to_date_usage,
    generatedAt: dateOf(balance.generated_at),
  }),
);
