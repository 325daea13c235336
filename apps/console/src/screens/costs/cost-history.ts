import { useQuery } from '@tanstack/react-query';
import { answered, api, Problem, type Schemas } from '../../client/client';
import { stacksOf, type Stacks } from '../../parts/chart-scale';
import type { Bar } from '../../parts/chart';
import { dayText, monthName, monthText, sumOf } from '../../parts/format';
import { kindName } from '../../parts/kinds';
import { everyPage } from '../../parts/list';
import { TEXTS } from './texts';

export type Costs = Schemas['CostsResponse'];
export type Group = keyof typeof TEXTS.groups;
type Row = Schemas['CostsGroupResponse'];

export const MONTHS = 12;
/** A tenant's costs are accrued from what was recorded, so months are asked for one by one, from the running one back. */
const TENANT_MONTHS = 6;
const NONE: ReadonlySet<string> = new Set();
const POLL_MS = 60_000;
const DAY_MS = 86_400_000;

/** What a bar is made of. Days are made of kinds, and so are resources: there are too many of them for a chart. */
export type Part = 'tenant' | 'kind' | 'project';

export const partOf = (by: Group): Part => (by === 'tenant' || by === 'project' ? by : 'kind');

interface CostFilters {
  readonly tenant_id?: string | undefined;
  readonly kind?: string | undefined;
  /** One resource. */
  readonly urn?: string | undefined;
}

export interface History extends Stacks {
  readonly bars: readonly Bar[];
  /** By bar and name of the part, also of those that the chart adds up as "others". */
  readonly amounts: ReadonlyMap<string, string>;
  /** By bar, the exact sum of its parts. */
  readonly totals: ReadonlyMap<string, string>;
}

/** What a tenant pays that is of no resource: terms of its month and its part of shared services. There is nothing behind it to show. */
const WITHOUT_RESOURCE: ReadonlySet<string> = new Set(['shared', 'discount', 'minimum_commitment', 'maximum_spend', 'recurring_fee']);

export const isOfResources = (by: Group, value: string | null): boolean => by !== 'kind' || !WITHOUT_RESOURCE.has(value ?? '');

export const amountKey = (bar: string, part: string): string => `${bar} ${part}`;

/** The running month and those before it, the latest first, as the API names them. */
export function lastMonths(howMany = MONTHS, now = new Date()): readonly string[] {
  return Array.from({ length: howMany }, (_, back) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7),
  );
}

const readCosts = async (query: Record<string, string | undefined>): Promise<Costs> =>
  (await answered(api.GET('/api/v1/costs', { params: { query: query as never } }))).data;

export const groupName = (by: Part, value: string | null): string => {
  if (by === 'tenant') return value ?? TEXTS.noOwner;
  if (by === 'kind') return value === null ? TEXTS.rest : kindName(value);
  return value ?? TEXTS.noProject;
};

/** What a month will have cost if nothing changes: what it cost so far, and the rest of it at the price of now. */
export function expectedAmount(soFar: number, monthlyRate: number, now = new Date()): number {
  const begin = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
  const end = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
  return soFar + monthlyRate * ((end - now.getTime()) / (end - begin));
}

function historyOf(by: Part, months: readonly string[], rows: readonly (Row & { month: string })[], unknown = NONE): History {
  const cells = rows.map((row) => ({ bar: row.month, part: row[by] ?? null, amount: Number(row.amount) }));
  const stacks = stacksOf(months, cells, (part) => groupName(by, part));
  const amounts = new Map(rows.map((row) => [amountKey(row.month, groupName(by, row[by] ?? null)), row.amount]));
  const totals = new Map(months.map((month) => [month, sumOf(rows.flatMap((row) => (row.month === month ? [row.amount] : [])))]));
  const bars = months.map((month) => {
    const bar = { id: month, label: monthName(month), title: monthText(month) };
    return unknown.has(month) ? { ...bar, unknown: TEXTS.notInvoiced } : bar;
  });
  return { ...stacks, bars, amounts, totals };
}

/** The latest months by one group: closed ones from the invoices, the running one accrued. */
async function readMonths(by: Part, filters: CostFilters): Promise<History> {
  const [running = '', ...closed] = lastMonths();
  const query = { ...filters, group_by: `month,${by}` };
  const [before, now] = await Promise.all([
    readCosts({ ...query, from: `${closed.at(-1)}-01T00:00:00Z`, to: `${running}-01T00:00:00Z`, basis: 'invoiced' }),
    readCosts({ ...query, period: running }),
  ]);
  const rows = [...before.groups, ...now.groups].map((row) => ({ ...row, month: row.month ?? running }));
  const first = closed.filter((month) => rows.some((row) => row.month === month)).at(-1) ?? running;
  return historyOf(by, [running, ...closed].filter((month) => month >= first).toReversed(), rows);
}

/** The months that a tenant has an issued invoice of: they are rated, and answered at its prices. */
export async function invoicedMonths(): Promise<ReadonlySet<string>> {
  const { data } = await everyPage((query) =>
    answered(api.GET('/api/v1/tenant-invoices', { params: { query: { kind: 'standard', ...query } } })),
  );
  return new Set(data.flatMap(({ period }) => period ?? []));
}

/** The same for a tenant: as far back as its months are recorded, and those that it has an invoice of. */
async function readTenantMonths(by: Part, filters: CostFilters): Promise<History> {
  const rows: (Row & { month: string })[] = [];
  const months: string[] = [];
  const unknown = new Set<string>();
  const invoiced = await invoicedMonths();
  let isRecorded = true;
  for (const period of lastMonths(TENANT_MONTHS)) {
    if (!isRecorded && !invoiced.has(period)) {
      unknown.add(period);
      months.unshift(period); // a month that is not known keeps its place between those that are
      continue;
    }
    const found = await readCosts({ ...filters, period, group_by: by }).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'not_accruable') return null;
      throw error;
    });
    months.unshift(period);
    if (found) rows.push(...found.groups.map((row) => ({ ...row, month: period })));
    else unknown.add(period);
    isRecorded &&= found?.incomplete_before === null;
  }
  const first = months.findIndex((month) => rows.some((row) => row.month === month));
  return historyOf(by, months.slice(Math.max(0, first)), rows, unknown);
}

/** The latest month before this one that has amounts. A tenant's month without an invoice may be unknown. */
export function barBefore({ bars, values }: History, period: string): number {
  const at = bars.findIndex(({ id }) => id === period);
  return values.findLastIndex((parts, index) => index < at && parts.some((value) => value !== 0));
}

export function useMonths(by: Part, isAdmin: boolean, filters: CostFilters = {}) {
  return useQuery({
    queryKey: ['costs', 'months', by, filters],
    queryFn: () => (isAdmin ? readMonths(by, filters) : readTenantMonths(by, filters)),
    refetchInterval: POLL_MS,
  });
}

/** Every day of a month until now, by kind. Days are always accrued: an invoice has none. */
export function useDays(period: string, filters: CostFilters = {}, enabled = true) {
  return useQuery({
    queryKey: ['costs', 'days', period, filters],
    queryFn: async (): Promise<History> => {
      const found = await readCosts({ ...filters, period, group_by: 'day,kind', basis: 'accrued' });
      const days = daysBetween(found.from, found.to);
      const cells = found.groups.map((row) => ({ bar: row.day ?? '', part: row.kind ?? null, amount: Number(row.amount) }));
      const bars = days.map((day) => ({ id: day, label: String(Number(day.slice(8))), title: dayText(day), open: true }));
      return { ...stacksOf(days, cells, (part) => groupName('kind', part)), bars, amounts: new Map(), totals: new Map() };
    },
    refetchInterval: POLL_MS,
    enabled,
  });
}

function daysBetween(from: string, to: string): readonly string[] {
  const begin = Date.parse(from);
  const howMany = Math.max(1, Math.ceil((Date.parse(to) - begin) / DAY_MS));
  return Array.from({ length: howMany }, (_, day) => new Date(begin + day * DAY_MS).toISOString().slice(0, 10));
}
