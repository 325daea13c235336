import {
  BILLING_TYPES,
  DEFAULT_CSV_STYLE,
  type BillingEntry,
  type CsvStyle,
  type InvoiceItem,
  type InvoiceRecord,
} from '../world/billing-records';
import { centsOf, moneyText, sumOfAmounts } from '../world/money';
import { apiTime } from '../world/world';
import { ControlError } from './control-error';

type Fields = Record<string, unknown>;

const STYLE_VALUES: Record<keyof CsvStyle, readonly unknown[]> = {
  bom: [true, false],
  crlf: [true, false],
  header: ['modern', 'no_category', 'oldest'],
  dollars: [true, false],
  thousands: [true, false],
  negative: ['-$1.23', '$-1.23', '($1.23)'],
  final_second_end: [true, false],
};

const FIRST_INVOICE_ID = 418_071_234;

/** Invoices of a PUT. `{}` is an invoice without lines: of last month, the next one of the month before, and so on. */
export function readInvoices(given: readonly Fields[], nowMs: number): InvoiceRecord[] {
  const invoices = given.map((fields, nth) => readInvoice(fields, nth, nowMs));
  if (new Set(invoices.map(({ invoice_uuid }) => invoice_uuid)).size !== invoices.length)
    throw new ControlError('Two invoices have the same invoice_uuid');
  if (invoices.filter(({ preview }) => preview === true).length > 1) throw new ControlError('Only one invoice can be the preview');
  return invoices;
}

/** Rows of the billing history of a PUT; those of invoices need not be given. */
export function readBillingHistory(given: readonly Fields[], nowMs: number): BillingEntry[] {
  return given.map((fields, nth) => {
    const entry = { id: `entry-${nth}`, description: '', amount: '0.00', invoice_id: null, invoice_uuid: null, date: apiTime(nowMs) };
    const read = { ...entry, type: BILLING_TYPES[1] as string, ...fields };
    return { ...read, amount: amountOf(read.amount, `billing_history[${nth}].amount`) };
  });
}

function readInvoice(given: Fields, nth: number, nowMs: number): InvoiceRecord {
  const where = `invoices[${nth}]`;
  const now = new Date(nowMs);
  const period = given.invoice_period ?? apiTime(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1 - nth, 1)).slice(0, 7);
  if (typeof period !== 'string' || !/^\d{4}-(0[1-9]|1[0-2])$/.test(period))
    throw new ControlError(`${where}.invoice_period must be YYYY-MM`);
  const month = spanOf(period);
  if (given.items !== undefined && !Array.isArray(given.items)) throw new ControlError(`${where}.items must be a list`);
  const items = ((given.items ?? []) as Fields[]).map((item, index) => readItem(item, index, month, `${where}.items[${index}]`));
  return {
    invoice_uuid: `45000000-0000-4000-8000-${nth.toString(16).padStart(12, '0')}`,
    invoice_id: String(FIRST_INVOICE_ID + 17 * nth),
    issued_at: month.end.replace('T00:00:00', 'T08:44:38'),
    ...given,
    invoice_period: period,
    items,
    amount: given.amount === undefined ? moneyText(sumOfAmounts(items)) : amountOf(given.amount, `${where}.amount`),
    csv_style: readStyle(given.csv_style, where),
  };
}

function readItem(given: Fields, index: number, month: { start: string; end: string }, where: string): InvoiceItem {
  return {
    product: 'Droplets',
    resource_id: null,
    resource_uuid: null,
    group_description: '',
    description: `item-${index} (s-1vcpu-1gb)`,
    hours: String((Date.parse(month.end) - Date.parse(month.start)) / 3_600_000),
    start_time: month.start,
    end_time: month.end,
    project_name: '',
    category: 'iaas',
    ...given,
    amount: amountOf(given.amount ?? '0.00', `${where}.amount`),
  };
}

/** First moment of a period and of the next one. */
function spanOf(period: string): { start: string; end: string } {
  const [year, month] = period.split('-').map(Number);
  return { start: `${period}-01T00:00:00Z`, end: apiTime(Date.UTC(year ?? 0, month ?? 1, 1)) };
}

function readStyle(given: unknown, where: string): CsvStyle {
  const style = (given ?? {}) as Fields;
  for (const [name, value] of Object.entries(style)) {
    const allowed = STYLE_VALUES[name as keyof CsvStyle] as readonly unknown[] | undefined;
    if (allowed?.includes(value) !== true) throw new ControlError(`${where}.csv_style.${name} cannot be ${JSON.stringify(value)}`);
  }
  return { ...DEFAULT_CSV_STYLE, ...style };
}

function amountOf(given: unknown, where: string): string {
  const cents = typeof given === 'string' ? centsOf(given) : undefined;
  if (cents === undefined) throw new ControlError(`${where} must be decimal text in cents, as "12.30"`);
  return moneyText(cents);
}
