import type { Schemas } from '../../client/client';
import { calendarDay, moneyIn } from '../../parts/format';
import { TEXTS } from './texts';

export type Invoice = Schemas['TenantInvoiceResponse'];

/** How far an invoice is: the places of the way from draft to paid. */
export const STAGES = ['draft', 'ready', 'issued', 'paid'] as const;
export type Stage = (typeof STAGES)[number];
export type Mark = 'done' | 'here' | 'todo' | 'stopped';

export const isStopped = ({ status, problems }: Invoice): boolean =>
  status === 'draft' && problems.some(({ severity }) => severity === 'critical');

/** Where the invoice is: the last stage that it has reached. */
function reached({ status, payment_status: payment }: Invoice): number {
  if (status === 'issued') return payment === 'paid' ? 3 : 2;
  return status === 'ready' ? 1 : 0;
}

/** What a stage shows. The last stage that is reached is "here", unless there is nothing after it. Pure. */
export function markOf(invoice: Invoice, stage: Stage): Mark {
  const at = STAGES.indexOf(stage);
  const here = reached(invoice);
  if (at > here) return 'todo';
  if (at < here || stage === 'paid') return 'done';
  return isStopped(invoice) ? 'stopped' : 'here';
}

/** What a person does next about an invoice, or what is waited for. */
export function nextText(invoice: Invoice): string {
  const { next } = TEXTS;
  const { status, payment_status: payment, due_on: dueOn, overdue, due, currency } = invoice;
  if (status === 'draft') return invoice.problems[0]?.detail ?? next.draft;
  if (status === 'ready') return next.ready;
  if (payment === 'paid') return next.paid;
  if (payment === 'written_off') return next.writtenOff;
  const day = dueOn === null ? '' : calendarDay(dueOn);
  if (overdue) return next.overdue(day);
  return payment === 'partly_paid' ? `${next.partly(moneyIn(due, currency))}, ${next.due(day).toLowerCase()}` : next.due(day);
}

/** Invoices of a month by tenant: the standard ones that are not void, by name. */
export const ofMonth = (rows: readonly Invoice[]): readonly Invoice[] =>
  rows.filter(({ status, kind }) => status !== 'void' && kind === 'standard').toSorted((a, b) => a.tenant_id.localeCompare(b.tenant_id));

/** What was invoiced to each tenant in the month before, in the same currency. */
export const netsOf = (rows: readonly Invoice[]): ReadonlyMap<string, number> =>
  new Map(ofMonth(rows).map(({ tenant_id: id, currency, net }) => [`${id} ${currency}`, Number(net)]));
