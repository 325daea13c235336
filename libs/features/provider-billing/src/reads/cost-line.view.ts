/** A line of an invoice as the API shows it. */
export interface CostLineView {
  /** The same for the same line of the same invoice, however often it is read. */
  readonly id: string;
  readonly invoice_id: string;
  readonly line_no: number;
  readonly product: string;
  readonly kind: string;
  readonly group_description: string | null;
  readonly description: string;
  readonly category: string | null;
  readonly resource_id: string | null;
  /** `reason`: why no resource was found, where none was. */
  readonly match: { readonly method: string | null; readonly reason: string | null };
  readonly project_name: string | null;
  readonly tenant_id: string | null;
  readonly hours: string | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly amount: string;
  readonly currency: string;
  readonly is_tax: boolean;
}

export interface CostLineRow extends Omit<CostLineView, 'match' | 'started_at' | 'ended_at'> {
  readonly period_key: string;
  readonly line_set: string;
  readonly match_method: string | null;
  readonly match_reason: string | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
}

/** Of `cloud_cost_lines l join cloud_invoices i`. */
export const COST_LINE_COLUMNS = `
md5(l.invoice_id::text || '/' || l.line_no)::uuid as id, l.invoice_id, l.line_no, l.product, l.kind, l.group_description, l.description, l.category,
l.resource_id, l.match_method, l.match_reason, l.project_name, l.tenant_id, l.hours::text, l.started_at, l.ended_at, l.amount::text, i.currency, l.is_tax`;

export function costLineView({
  match_method,
  match_reason,
  started_at,
  ended_at,
  period_key: _key,
  line_set: _set,
  ...rest
}: CostLineRow): CostLineView {
  return {
    ...rest,
    match: { method: match_method, reason: match_reason },
    started_at: started_at?.toISOString() ?? null,
    ended_at: ended_at?.toISOString() ?? null,
  };
}
