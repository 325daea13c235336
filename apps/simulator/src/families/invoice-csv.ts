import type { CsvStyle, InvoiceItem, InvoiceRecord } from '../world/billing-records';
import { centsOf, moneyText } from '../world/money';

type Column = (item: InvoiceItem, style: CsvStyle) => string;

const COLUMNS: Record<string, Column> = {
  product: ({ product }) => product,
  group_description: ({ group_description }) => group_description,
  description: ({ description }) => description,
  hours: ({ hours }) => hours ?? '',
  start: ({ start_time }) => csvTime(Date.parse(start_time)),
  end: ({ end_time }, { final_second_end }) => csvTime(Date.parse(end_time) - (final_second_end && isMonthStart(end_time) ? 1000 : 0)),
  USD: ({ amount }, style) => csvAmount(centsOf(amount) ?? 0, style),
  project_name: ({ project_name }) => project_name,
  category: ({ category }) => category,
};

const HEADERS: Record<CsvStyle['header'], readonly string[]> = {
  modern: Object.keys(COLUMNS),
  no_category: Object.keys(COLUMNS).slice(0, -1),
  oldest: Object.keys(COLUMNS).slice(0, -2),
};

/** The document of an invoice as `/csv` answers it (RFC 4180). */
export function invoiceCsv({ csv, csv_style: style, items }: InvoiceRecord): string {
  if (csv !== undefined) return csv;
  const names = HEADERS[style.header];
  const columns = names.map((name) => COLUMNS[name] as Column);
  const lines = items.map((item) => columns.map((column) => quoted(column(item, style))).join(','));
  const end = style.crlf ? '\r\n' : '\n';
  return `${style.bom ? '\uFEFF' : ''}${[names.join(','), ...lines].join(end)}${end}`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** `YYYY-MM-DD HH:MM:SS +0000` */
function csvTime(ms: number): string {
  const text = new Date(ms).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} +0000`;
}

function isMonthStart(time: string): boolean {
  return /-01T00:00:00(\.0+)?Z$/.test(time);
}

function csvAmount(cents: number, { dollars, thousands, negative }: CsvStyle): string {
  const plain = moneyText(Math.abs(cents));
  const amount = thousands ? plain.replace(/\B(?=(\d{3})+\.)/g, ',') : plain;
  const text = cents < 0 ? negative.replace('1.23', amount) : `$${amount}`;
  return dollars ? text : text.replace('$', '');
}
