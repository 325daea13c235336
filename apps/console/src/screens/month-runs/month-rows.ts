import type { Schemas } from '../../client/client';
import { calendarDay, moneyIn } from '../../parts/format';
import { TEXTS } from './texts';

/** One tenant of the month: its rated lines, and its invoice once a draft is built. */
export type MonthRow = Schemas['RunTenantResponse'];
/** The same with its invoice. */
export type Invoiced = MonthRow & { readonly invoice_id: string; readonly currency: string; readonly net: string; readonly total: string };

export const isInvoiced = (row: MonthRow): row is Invoiced => row.invoice_id !== null && row.state !== 'void';

/** What is charged: the net of the invoice, and by the rated lines until there is one. */
export const netOf = ({ net, sell }: MonthRow): string => net ?? sell;

/** How far an invoice is: the places of the way from draft to paid. */
export const STAGES = ['draft', 'ready', 'issued', 'paid'] as const;
export type Stage = (typeof STAGES)[number];
export type Mark = 'done' | 'here' | 'todo' | 'stopped';

/** A problem keeps the draft from its approval, or will as soon as there is a draft. */
export const isStopped = ({ state, problems }: MonthRow): boolean =>
  (state === 'draft' || state === 'not_built') && problems.some(({ severity }) => severity === 'critical');

/** Where the invoice is: the last stage that it has reached. */
function reached({ state, payment_status: payment }: MonthRow): number {
  if (state === 'issued') return payment === 'paid' ? 3 : 2;
  return state === 'ready' ? 1 : state === 'draft' ? 0 : -1;
}

/** What a stage shows. The last stage that is reached is "here", unless there is nothing after it. Pure. */
export function markOf(row: MonthRow, stage: Stage): Mark {
  const at = STAGES.indexOf(stage);
  const here = reached(row);
  if (at > here) return 'todo';
  if (at < here || stage === 'paid') return 'done';
  return isStopped(row) ? 'stopped' : 'here';
}

/** What a person does next about a tenant's month, or what is waited for. */
export function nextText(row: MonthRow): string {
  const { next } = TEXTS;
  const { state, payment_status: payment, due_on: dueOn, overdue, due, currency } = row;
  if (state === 'void') return next.void;
  if (state === 'draft' || state === 'not_built') return row.problems[0]?.detail ?? (state === 'draft' ? next.draft : next.notBuilt);
  if (state === 'ready') return next.ready;
  if (payment === 'paid') return next.paid;
  if (payment === 'written_off') return next.writtenOff;
  const day = dueOn === null ? '' : calendarDay(dueOn);
  if (overdue) return next.overdue(day);
  return payment === 'partly_paid'
    ? `${next.partly(moneyIn(due ?? '0', currency ?? 'USD'))}, ${next.due(day).toLowerCase()}`
    : next.due(day);
}

/** What was charged to each tenant in the month before, in the same currency. */
export const netsOf = (rows: readonly MonthRow[]): ReadonlyMap<string, string> =>
  new Map(rows.filter(isInvoiced).map(({ tenant_id: id, currency, net }) => [`${id} ${currency}`, net]));
