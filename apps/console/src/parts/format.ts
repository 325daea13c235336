/** Numbers, money and times as people read them. All by `Intl`, in English, in the viewer's zone. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const whole = new Intl.NumberFormat('en');
const amount = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const dollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' });
const unitPrice = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', minimumFractionDigits: 2, maximumFractionDigits: 5 });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const dayOfYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
const dayName = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' });
const shortMonth = new Intl.DateTimeFormat('en', { month: 'short', timeZone: 'UTC' });
const documentDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const month = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** en-GB writes "Sept", which is longer than all other months and than the columns of days. */
const shortMonths = (text: string): string => text.replace('Sept ', 'Sep ');

/** The whole number that a person typed, or null: for `2,000`, `1.5`, `1e3` and an empty text. */
export const wholeNumber = (text: string): number | null => (/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : null);
/** What stands beside a field that takes whole numbers. An empty text is no error. */
export const wholeError = (text: string): string | undefined =>
  text.trim() === '' || wholeNumber(text) !== null ? undefined : 'must be a whole number such as 2000';

/** What stands beside a field that takes a decimal number. An empty text is no error. */
export const decimalError = (text: string, isSigned = false): string | undefined =>
  (isSigned ? /^\s*(-?\d{1,12}(\.\d{1,10})?)?\s*$/ : /^\s*(\d{1,12}(\.\d{1,10})?)?\s*$/).test(text)
    ? undefined
    : 'must be a number such as 12.50';

export const count = (value: number): string => whole.format(value);
/** "100+" of a list that has more than were read. */
export const countRead = (read: number, isCut: boolean): string => `${count(read)}${isCut ? '+' : ''}`;

interface ReadList {
  readonly data: readonly unknown[];
  readonly page: { readonly next_cursor: string | null };
}
export const countOf = ({ data, page }: ReadList): string => countRead(data.length, page.next_cursor !== null);
/** `Intl` reads a decimal text exactly: as a float, 1.005 is a little less, and would lose its cent. */
const exactly = (format: Intl.NumberFormat, decimal: string): string => format.format(decimal as never).replace('-', '−');
/** An amount in a column with the currency in its head. */
export const plainMoney = (decimal: string): string => exactly(amount, decimal);
export const money = (decimal: string): string => exactly(dollars, decimal);
/** An amount of another currency too, with its own decimal places. */
export const moneyIn = (decimal: string, currency: string): string =>
  exactly(new Intl.NumberFormat('en', { style: 'currency', currency }), decimal);

/** The amount with the other sign. */
export const negated = (decimal: string): string => (decimal.startsWith('-') ? decimal.slice(1) : `-${decimal}`);

/** The exact sum of decimal texts, with the decimal places of the longest: no amount is added as a float. Throws `SyntaxError` for other text. */
export function sumOf(amounts: readonly string[]): string {
  const places = Math.max(0, ...amounts.map((text) => text.split('.')[1]?.length ?? 0));
  const sum = amounts.reduce((units, text) => {
    const [whole = '', fraction = ''] = text.trim().split('.');
    return units + BigInt(whole + fraction.padEnd(places, '0'));
  }, 0n);
  const digits = String(sum < 0n ? -sum : sum).padStart(places + 1, '0');
  const at = digits.length - places;
  return `${sum < 0n ? '-' : ''}${digits.slice(0, at)}${places > 0 ? `.${digits.slice(at)}` : ''}`;
}
/** What remains of an amount, exactly. */
export const lessOf = (from: string, amount: string): string => sumOf([from, negated(amount)]);
/** Sums of amounts, one for each currency: "€12.00 + $3.50". Empty without amounts. */
export function sumsText(amounts: readonly (readonly [amount: string, currency: string])[]): string {
  const currencies = [...new Set(amounts.map(([, currency]) => currency))];
  const ofCurrency = (currency: string) => amounts.flatMap(([amount, of]) => (of === currency ? [amount] : []));
  return currencies.map((currency) => moneyIn(sumOf(ofCurrency(currency)), currency)).join(' + ');
}
/** The price of one unit, which may have parts of a cent. */
export const unitPriceIn = (decimal: string, currency: string): string =>
  new Intl.NumberFormat('en', { style: 'currency', currency, minimumFractionDigits: 2, maximumFractionDigits: 5 }).format(Number(decimal));
export const hourly = (decimal: string): string => unitPrice.format(Number(decimal));

/** A change of an amount, always with its sign; zero is written in words. */
export function moneyDelta(decimal: string): string {
  if (Number(decimal) === 0) return 'no change';
  return `${decimal.startsWith('-') ? '−' : '+'}${money(decimal.replace(/^-/, ''))}`;
}

/** "4 min", "2 h 10 min", "3 d" up to a week, then the day. */
export function age(from: string | number, nowMs = Date.now()): string {
  const ms = nowMs - new Date(from).getTime();
  return ms > 7 * DAY ? dateText(from) : duration(ms);
}

export function duration(ms: number): string {
  if (ms < 1_000) return ms <= 0 ? 'now' : `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${Math.round(ms / 1_000)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    return `${Math.floor(ms / HOUR)} h${minutes > 0 ? ` ${minutes} min` : ''}`;
  }
  const hours = Math.floor((ms % DAY) / HOUR);
  return `${Math.floor(ms / DAY)} d${ms < 3 * DAY && hours > 0 ? ` ${hours} h` : ''}`;
}

export const exactTime = (at: string | number): string => shortMonths(exact.format(new Date(at)));
/** The time as a field of a form has it: "2026-11-03T14:05", in the viewer's zone. */
export function localTime(at: string | number): string {
  const time = new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}
export const timeOfDay = (at: string | number): string => clock.format(new Date(at));
export const secondOfDay = (at: string | number): string => clockSeconds.format(new Date(at));
export const dateText = (at: string | number): string => shortMonths(day.format(new Date(at)));
export const monthText = (period: string): string => month.format(new Date(`${period.slice(0, 7)}-01T00:00:00Z`));

/** A day of a document, which is the same day everywhere: "3 Nov 2026". */
export const calendarDay = (date: string): string => shortMonths(documentDay.format(new Date(`${date}T00:00:00Z`)));

/** "Nov", and the year below January: "Jan 2026". */
export function monthName(period: string): string {
  const name = shortMonth.format(new Date(`${period.slice(0, 7)}-01T00:00:00Z`));
  return period.slice(5, 7) === '01' ? `${name} ${period.slice(0, 4)}` : name;
}
/** A day in UTC, as costs have them: "Saturday 7 November". */
export const dayText = (utcDay: string): string => dayName.format(new Date(`${utcDay}T00:00:00Z`));

/** "Today", "4 November", and the year when it is another one. */
export function dayHeading(at: string, nowMs = Date.now()): string {
  const then = new Date(at);
  const now = new Date(nowMs);
  if (then.toDateString() === now.toDateString()) return 'Today';
  return then.getFullYear() === now.getFullYear() ? dayOfYear.format(then) : dateText(at);
}

/** `load_balancer` → "Load balancer". */
export function words(name: string): string {
  const text = name.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The name of a field of a resource: `size_slug` → "Size". */
export const fieldName = (field: string): string => words(field.replace('_slug', ''));

/** One value of a spec or a change, short enough for a cell. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A difference of amounts with its sign; zero is printed too. */
export function plainDelta(decimal: string): string {
  const text = plainMoney(decimal.replace(/^-/, ''));
  return text === '0.00' ? text : `${decimal.startsWith('-') ? '−' : '+'}${text}`;
}

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`.replace('-', '−');
