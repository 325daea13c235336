import { count, flag, listOf, object, oneOf, orNull, text, time, uuid, whole } from './schema';

const amount = { ...text, description: 'Decimal; negative is credit' };
const period = { ...text, description: 'The month, `2026-04`' };
const share = { ...orNull({ type: 'number', minimum: 0, maximum: 1 }) };

/** What answers about money look like. */
export const BILLING_SCHEMAS = {
  Invoice: object({
    id: uuid,
    invoice_uuid: { ...text, description: "The provider's id" },
    invoice_number: orNull(text),
    period,
    issued_on: { type: 'string', format: 'date' },
    amount,
    tax_amount: orNull(amount),
    currency: text,
    status: oneOf('discovered', 'ingesting', 'ingested', 'failed'),
    failure: {
      ...orNull(object({ code: text, detail: text }, { line: whole })),
      description: 'Why the last try failed; the lines of before can still be read',
    },
    reconciliation: object({
      status: orNull(oneOf('reconciled', 'mismatch', 'released')),
      difference: { ...orNull(text), description: 'The amount less the sum of the lines' },
    }),
    lines: orNull(count),
    matched_line_ratio: { ...share, description: 'Share of lines matched to a resource or a project' },
    attributed_amount_ratio: { ...share, description: 'Share of the amounts, without their signs, that belong to a tenant' },
    ingested_at: orNull(time),
    pushed_to_finance_at: orNull(time),
    finance_invoice_id: orNull(text),
    push_error: { ...orNull(text), description: 'Why finance has not taken it yet' },
  }),
  CostLine: object({
    id: uuid,
    invoice_id: uuid,
    line_no: { ...whole, minimum: 1 },
    product: text,
    kind: { ...text, description: 'A kind of resource, or tax, credit, account (of the whole account), other' },
    group_description: orNull(text),
    description: text,
    category: orNull(text),
    resource_id: orNull(uuid),
    match: object({
      method: orNull(oneOf('provider_id', 'urn', 'name', 'project_name')),
      reason: { ...orNull(text), description: 'Why no resource was found, where none was' },
    }),
    project_name: orNull(text),
    tenant_id: { ...orNull(text), description: "The resource's at that time, else its project's" },
    hours: { ...orNull(text), description: 'Of droplet backups: their number' },
    started_at: orNull(time),
    ended_at: orNull(time),
    amount,
    currency: text,
    is_tax: flag,
  }),
  CostSummary: object({
    period: orNull(period),
    currency: oneOf('USD'),
    invoices: count,
    amount,
    tax_amount: amount,
    groups: listOf(
      object(
        { amount, tax_amount: amount, lines: count },
        { tenant: orNull(text), kind: text, project: orNull(text), product: text, period },
      ),
    ),
  }),
  CostEstimate: object({
    estimate: flag,
    period,
    currency: oneOf('USD'),
    month_to_date_usage: amount,
    month_to_date_balance: amount,
    account_balance: amount,
    generated_at: time,
    preview: {
      ...orNull(object({ period: orNull(period), amount, updated_at: orNull(time) })),
      description: 'The invoice to be, as the provider makes it up daily',
    },
  }),
  BillingHistoryEntry: object({
    id: uuid,
    type: text,
    description: text,
    amount,
    currency: oneOf('USD'),
    at: time,
    invoice_uuid: orNull(text),
    invoice_number: orNull(text),
  }),
};
