import type { DatabaseGauge } from '#libs/database';
import { TELLABLE } from './finance/finance-outbox';
import { PAYMENT_FAILURES } from './history/billing-history';

const STATES = ['discovered', 'ingesting', 'failed', 'mismatch', 'released', 'reconciled'];

/** Whether the money is all there: invoices by how far they are, what finance has not been told, and how old the balance is. */
export const BILLING_GAUGES: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_invoices',
    help: 'Invoices by how far they are; all but reconciled and released are unreconciled',
    labels: ['state'],
    sql: `select s.state, count(i.id) as value from unnest($1::text[]) s(state)
            left join cloud_invoices i on s.state = case when i.status = 'ingested' then i.reconciliation else i.status end
           group by 1`,
    values: () => [STATES],
  },
  {
    name: 'arcadia_finance_oldest_undelivered_seconds',
    help: 'For how long the oldest announcement to finance has been waiting; 0 when none does, or nobody is to be told',
    labels: [],
    sql: `select coalesce(extract(epoch from clock_timestamp() - min(o.created_at)), 0) as value from cloud_finance_outbox o join cloud_invoices i on i.id = o.invoice_id
           where o.delivered_at is null and ${TELLABLE} and $1::boolean`,
    values: ({ finance }) => [finance.url !== undefined],
  },
  {
    name: 'arcadia_balance_age_seconds',
    help: 'Time since the balance of the account was read',
    labels: [],
    sql: `select extract(epoch from clock_timestamp() - max(taken_at)) as value from cloud_balance_snapshots`,
  },
  {
    name: 'arcadia_payment_failures',
    help: 'How often the provider failed to collect what the account owes since the last payment that it took',
    labels: [],
    sql: `select count(*) as value from cloud_billing_history f
           where f.type = any ($1::text[])
             and f.occurred_at > coalesce((select max(occurred_at) from cloud_billing_history p where p.account_id = f.account_id and p.type = 'Payment'), '-infinity')`,
    values: () => [PAYMENT_FAILURES],
  },
];
