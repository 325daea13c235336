import type { DatabaseGauge } from '#libs/database';
import { DELIVERABLE } from './finance/finance-invoice-reader';
import { PAYMENT_FAILURES } from './history/billing-history';

const STATES = ['discovered', 'ingesting', 'failed', 'mismatch', 'released', 'reconciled'];

/** Metrics about money: invoices by state, the oldest undelivered invoice, the age of the balance and failed payments. All set-based. */
export const BILLING_METRICS: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_invoices',
    help: 'Invoices by state; all but reconciled and released are unreconciled',
    labels: ['state'],
    sql: `select s.state, count(i.id) as value from unnest($1::text[]) s(state)
            left join cloud_invoices i on s.state = case when i.status = 'ingested' then i.reconciliation else i.status end
           group by 1`,
    values: () => [STATES],
  },
  {
    name: 'arcadia_invoices_reading_failed',
    help: 'Invoices whose last reading failed, whether or not the lines of an earlier reading are in use',
    labels: [],
    sql: `select count(*) as value from cloud_invoices where failure is not null`,
  },
  {
    name: 'arcadia_finance_oldest_undelivered_seconds',
    help: 'Age of the oldest invoice that is not delivered to finance yet; 0 when there is none or no finance service is configured',
    labels: [],
    sql: `select coalesce(extract(epoch from clock_timestamp() - min(o.created_at)), 0) as value from cloud_finance_outbox o join cloud_invoices i on i.id = o.invoice_id
           where o.delivered_at is null and ${DELIVERABLE} and $1::boolean`,
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
    help: 'How often the provider failed to collect a payment since the last successful one',
    labels: [],
    sql: `select count(*) as value from cloud_billing_history f
           where f.type = any ($1::text[])
             and f.occurred_at > coalesce((select max(occurred_at) from cloud_billing_history p where p.account_id = f.account_id and p.type = 'Payment'), '-infinity')`,
    values: () => [PAYMENT_FAILURES],
  },
];
