/** An invoice as the API shows it. */
export interface InvoiceView {
  readonly id: string;
  readonly invoice_uuid: string;
  readonly invoice_number: string | null;
  /** `2026-04`. */
  readonly period: string;
  readonly issued_on: string;
  readonly amount: string;
  readonly tax_amount: string | null;
  readonly currency: string;
  readonly status: 'discovered' | 'ingesting' | 'ingested' | 'failed';
  readonly failure: { readonly code: string; readonly detail: string; readonly line?: number } | null;
  /** `difference`: the invoice's amount less the sum of its lines. */
  readonly reconciliation: { readonly status: 'reconciled' | 'mismatch' | 'released' | null; readonly difference: string | null };
  readonly lines: number | null;
  /** Share of lines that were matched to a resource or a project, 0 to 1. */
  readonly matched_line_ratio: number | null;
  /** Share of the amounts, without their signs, that belong to a tenant, 0 to 1. */
  readonly attributed_amount_ratio: number | null;
  readonly ingested_at: string | null;
  readonly pushed_to_finance_at: string | null;
  readonly finance_invoice_id: string | null;
  /** Why finance has not taken it yet. */
  readonly push_error: string | null;
}

export interface InvoiceRow extends Omit<InvoiceView, 'reconciliation' | 'ingested_at' | 'pushed_to_finance_at'> {
  readonly reconciliation: InvoiceView['reconciliation']['status'];
  readonly difference: string | null;
  readonly ingested_at: Date | null;
  readonly pushed_to_finance_at: Date | null;
}

/** Of `cloud_invoices i left join cloud_finance_outbox o`. Ratios are shares, not money: a float is good enough. */
export const INVOICE_COLUMNS = `
i.id, i.invoice_uuid, i.invoice_number, to_char(i.period, 'YYYY-MM') as period, i.issued_on::text, i.amount::text, i.tax_amount::text, i.currency, i.status,
i.failure, i.reconciliation, i.difference::text, i.lines, i.ingested_at, i.pushed_to_finance_at, i.finance_invoice_id,
case when o.delivered_at is null then o.error_code end as push_error,
case when i.lines > 0 then round(i.matched_lines::numeric / i.lines, 4)::float8 end as matched_line_ratio,
case when i.lines_value > 0 then round(i.attributed_value / i.lines_value, 6)::float8 end as attributed_amount_ratio`;

export function invoiceView({ reconciliation, difference, ingested_at, pushed_to_finance_at, ...rest }: InvoiceRow): InvoiceView {
  return {
    ...rest,
    reconciliation: { status: reconciliation, difference },
    ingested_at: ingested_at?.toISOString() ?? null,
    pushed_to_finance_at: pushed_to_finance_at?.toISOString() ?? null,
  };
}
