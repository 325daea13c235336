import { ValidationFailedError } from '#libs/kernel';

export const COST_GROUPS = ['tenant', 'kind', 'project', 'product', 'resource', 'region', 'tax', 'month', 'day'] as const;
export type CostGroupKey = (typeof COST_GROUPS)[number];

export const COST_BASES = ['invoiced', 'accrued'] as const;
export type CostBasis = (typeof COST_BASES)[number];

/** The time of a question: whole months, or a part of them. The end is exclusive, and never later than now. Times are RFC 3339 in UTC. */
export interface CostWindow {
  readonly since: string;
  readonly until: string;
  readonly now: string;
  /** The month, where it was asked for by its name. */
  readonly period: string | null;
  /** It begins with a month, and ends with one or now. */
  readonly isWhole: boolean;
  /** It ends before the running month. */
  readonly isClosed: boolean;
  readonly mostGroups: number;
}

/** Groups of one answer. A file may have more. */
export const MOST_GROUPS = 10_000;
/** Months of one question. */
export const MOST_MONTHS = 25;

export interface AskedTime {
  /** `2026-10`, or its first day. */
  readonly period?: string;
  readonly from?: string;
  readonly to?: string;
}

/** The window of a question; the running month unless it names one. Pure. Throws `ValidationFailedError`. */
export function costWindow({ period, from, to }: AskedTime, now: Date, mostGroups = MOST_GROUPS): CostWindow {
  const refuse = (field: string, message: string): never => {
    throw new ValidationFailedError([{ field, message }]);
  };
  if (period !== undefined && (from !== undefined || to !== undefined)) refuse('period', 'cannot be given together with from or to');
  if (from === undefined && to !== undefined) refuse('from', 'is missing: from and to are given together');
  const running = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const first = from === undefined ? monthOf(period, running) : new Date(from);
  const asked = from === undefined ? nextMonth(first) : to === undefined ? now : new Date(to);
  const last = asked > now ? now : asked;
  if (first >= now) refuse(from === undefined ? 'period' : 'from', 'must not be in the future');
  if (first >= last) refuse('to', 'must be later than from');
  if (monthsBetween(first, last) > MOST_MONTHS) refuse('from', `must be at most ${MOST_MONTHS} months before to`);
  const beginsMonth = (time: Date) => time.getTime() === Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), 1);
  return {
    since: first.toISOString(),
    until: last.toISOString(),
    now: now.toISOString(),
    period: from === undefined ? first.toISOString().slice(0, 7) : null,
    isWhole: beginsMonth(first) && (beginsMonth(last) || last.getTime() === now.getTime()),
    isClosed: last <= running,
    mostGroups,
  };
}

/** The months of a window, each as a window of its own until now at the latest. Pure. */
export function monthWindows(window: CostWindow): CostWindow[] {
  const { since, until, now } = window;
  const months: CostWindow[] = [];
  for (let month = monthOf(since.slice(0, 7), new Date(since)); month < new Date(until); month = nextMonth(month)) {
    const end = nextMonth(month).toISOString();
    const [isClosed, period] = [end <= now, month.toISOString().slice(0, 7)];
    months.push({ ...window, since: month.toISOString(), until: isClosed ? end : now, period, isWhole: true, isClosed });
  }
  return months;
}

/** Who asks: an admin, or a tenant with or without rated amounts for all months of the window. */
export type CostCaller = 'admin' | 'tenant' | 'rated_tenant';

/**
 * What the amounts are: of invoices for closed months, accrued for the running one, unless the question names a basis. Invoiced amounts of a tenant
 * are its sell prices of rated months; until all months are rated it gets accrued ones. Pure. Throws `ValidationFailedError` for what the basis cannot answer.
 */
export function costBasis(
  window: CostWindow,
  groupBy: readonly CostGroupKey[],
  caller: CostCaller,
  asked: CostBasis | undefined,
): CostBasis {
  const isInvoiced = caller === 'admin' || (caller === 'rated_tenant' && window.isWhole);
  const basis = asked ?? (!isInvoiced || !window.isClosed || groupBy.includes('day') ? 'accrued' : 'invoiced');
  const refuse = (field: string, message: string): never => {
    throw new ValidationFailedError([{ field, message }]);
  };
  if (basis === 'accrued') return basis;
  if (caller === 'tenant') refuse('basis', 'must be accrued: these months are not invoiced to you');
  if (groupBy.includes('day')) refuse('group_by', 'day needs basis=accrued: invoices have no days');
  if (!window.isWhole) refuse('from', 'must begin a month, and to must end one: a part of an invoice has no amount; use basis=accrued');
  return basis;
}

function monthOf(period: string | undefined, running: Date): Date {
  return period === undefined ? running : new Date(`${period.slice(0, 7)}-01T00:00:00Z`);
}

const nextMonth = (time: Date) => new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1, 1));

function monthsBetween(from: Date, to: Date): number {
  return (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
}
