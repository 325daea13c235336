import type { CostLineView, InvoiceView } from '#libs/provider-billing';
import {
  ApiCount,
  ApiDate,
  ApiEnum,
  ApiFlag,
  ApiListOf,
  ApiObject,
  ApiShare,
  ApiText,
  ApiTime,
  ApiUuid,
  ApiWhole,
} from '../http/swagger.decorators';

class InvoiceFailureResponse {
  @ApiText('Names the failure; stable')
  readonly code: string;

  @ApiText('An explanation for people')
  readonly detail: string;

  @ApiWhole('Line of the document', { optional: true })
  readonly line?: number;

  @ApiTime('Time of the failed ingest', { optional: true })
  readonly at?: string;
}

class ReconciliationResponse {
  @ApiEnum(['reconciled', 'mismatch', 'released'], 'Whether the lines add up to the amount; null before the ingest', { nullable: true })
  readonly status: InvoiceView['reconciliation']['status'];

  @ApiText('The amount minus the sum of the lines', { nullable: true })
  readonly difference: string | null;
}

/** An invoice of the provider. */
export class InvoiceResponse implements InvoiceView {
  @ApiUuid('Id of the invoice')
  readonly id: string;

  @ApiText("The provider's id")
  readonly invoice_uuid: string;

  @ApiText("The provider's number", { nullable: true })
  readonly invoice_number: string | null;

  @ApiText('The month', { example: '2026-04' })
  readonly period: string;

  @ApiDate('Date of the invoice')
  readonly issued_on: string;

  @ApiText('Decimal; negative is credit', { example: '2277.70' })
  readonly amount: string;

  @ApiText('Decimal; null before the ingest', { nullable: true })
  readonly tax_amount: string | null;

  @ApiText('Currency of the amounts', { example: 'USD' })
  readonly currency: string;

  @ApiEnum(
    ['discovered', 'ingesting', 'ingested', 'failed'],
    'State of the ingest; an invoice with lines stays ingested while and after they are read again',
  )
  readonly status: InvoiceView['status'];

  @ApiObject(() => InvoiceFailureResponse, 'Why the last ingest failed; the previous lines can still be read', { nullable: true })
  readonly failure: InvoiceFailureResponse | null;

  @ApiObject(() => ReconciliationResponse, 'Comparison of the amount with the lines')
  readonly reconciliation: ReconciliationResponse;

  @ApiCount('Number of lines; null before the ingest', { nullable: true })
  readonly lines: number | null;

  @ApiCount('Cells without money that could not be read, such as hours; null before the ingest', { nullable: true })
  readonly unreadable_cells: number | null;

  @ApiShare('Share of lines matched to a resource or a project', { nullable: true })
  readonly matched_line_ratio: number | null;

  @ApiShare('Share of the amounts, without their signs, that belong to a tenant', { nullable: true })
  readonly attributed_amount_ratio: number | null;

  @ApiTime('Time of the last ingest', { nullable: true })
  readonly ingested_at: string | null;

  @ApiTime('Time when the finance service accepted the invoice', { nullable: true })
  readonly pushed_to_finance_at: string | null;

  @ApiText('Id of the invoice in the finance service', { nullable: true })
  readonly finance_invoice_id: string | null;

  @ApiText('Why the finance service has not accepted it yet', { nullable: true })
  readonly push_error: string | null;
}

class LineMatchResponse {
  @ApiEnum(['provider_id', 'urn', 'name', 'project_name'], 'How the resource or project was found', { nullable: true })
  readonly method: string | null;

  @ApiText('Why no resource was found', { nullable: true })
  readonly reason: string | null;
}

/** One line of an invoice. */
export class CostLineResponse implements CostLineView {
  @ApiUuid('Id of the line')
  readonly id: string;

  @ApiUuid('Id of the invoice')
  readonly invoice_id: string;

  @ApiWhole('Number of the line in the invoice', { minimum: 1 })
  readonly line_no: number;

  @ApiText("The provider's product", { example: 'Droplets' })
  readonly product: string;

  @ApiText('Resource kind, or tax, credit, account (of the whole account), other', { example: 'droplet' })
  readonly kind: string;

  @ApiText('Group on the invoice', { nullable: true })
  readonly group_description: string | null;

  @ApiText('Text of the line')
  readonly description: string;

  @ApiText('Category on the invoice', { nullable: true })
  readonly category: string | null;

  @ApiUuid('Id of the matched resource', { nullable: true })
  readonly resource_id: string | null;

  @ApiObject(() => LineMatchResponse, 'How the line was matched')
  readonly match: LineMatchResponse;

  @ApiText('Name of the project on the invoice', { nullable: true })
  readonly project_name: string | null;

  @ApiText('Owner of the resource at that time, else of its project', { nullable: true })
  readonly tenant_id: string | null;

  @ApiText('Hours of use; for droplet backups, their number', { nullable: true })
  readonly hours: string | null;

  @ApiTime('Start of the usage', { nullable: true })
  readonly started_at: string | null;

  @ApiTime('End of the usage', { nullable: true })
  readonly ended_at: string | null;

  @ApiText('Decimal; negative is credit', { example: '12.00' })
  readonly amount: string;

  @ApiText('Currency of the amount', { example: 'USD' })
  readonly currency: string;

  @ApiFlag('Whether the line is tax')
  readonly is_tax: boolean;
}

class CostGroupResponse {
  @ApiText('Decimal; sum of the group', { example: '154.01' })
  readonly amount: string;

  @ApiText('Decimal; tax of the group')
  readonly tax_amount: string;

  @ApiCount('Lines of the group')
  readonly lines: number;

  @ApiText('Owner of the costs, when grouped by tenant', { nullable: true, optional: true })
  readonly tenant?: string | null;

  @ApiText('Kind of the costs, when grouped by kind', { optional: true })
  readonly kind?: string | null;

  @ApiText('Name of the project, when grouped by project', { nullable: true, optional: true })
  readonly project?: string | null;

  @ApiText("The provider's product, when grouped by product", { optional: true })
  readonly product?: string | null;

  @ApiText('The month, when grouped by period', { optional: true })
  readonly period?: string | null;
}

/** Invoiced costs by group. */
export class CostSummaryResponse {
  @ApiText('The month; null for all invoices', { nullable: true })
  readonly period: string | null;

  @ApiTime('Time when the invoices were last listed; null before the first time', { nullable: true })
  readonly as_of: string | null;

  @ApiEnum(['USD'], 'Currency of the amounts')
  readonly currency: 'USD';

  @ApiCount('Number of invoices')
  readonly invoices: number;

  @ApiText('Decimal; sum of all groups')
  readonly amount: string;

  @ApiText('Decimal; tax of all groups')
  readonly tax_amount: string;

  @ApiListOf(() => CostGroupResponse, 'The groups; each line is in exactly one')
  readonly groups: readonly CostGroupResponse[];
}

class InvoicePreviewResponse {
  @ApiText('The month', { nullable: true })
  readonly period: string | null;

  @ApiText('Decimal; amount so far')
  readonly amount: string;

  @ApiTime('Time when the provider updated the preview', { nullable: true })
  readonly updated_at: string | null;
}

/** An estimate of the current month. */
export class CostEstimateResponse {
  @ApiFlag('Always true: these are not invoiced amounts')
  readonly estimate: true;

  @ApiText('The month', { example: '2026-11' })
  readonly period: string;

  @ApiEnum(['USD'], 'Currency of the amounts')
  readonly currency: 'USD';

  @ApiText('Decimal; usage of the month so far')
  readonly month_to_date_usage: string;

  @ApiText('Decimal; amount due, with the usage of the month so far')
  readonly month_to_date_balance: string;

  @ApiText('Decimal; amount due from previous months, negative is credit')
  readonly account_balance: string;

  @ApiTime('Time when the provider computed the balance')
  readonly generated_at: string;

  @ApiObject(() => InvoicePreviewResponse, 'The next invoice, which the provider updates daily', { nullable: true })
  readonly preview: InvoicePreviewResponse | null;
}

/** One entry of the provider's billing history. */
export class BillingHistoryEntryResponse {
  @ApiUuid('Id of the entry')
  readonly id: string;

  @ApiText("The provider's type", { example: 'Payment' })
  readonly type: string;

  @ApiText('Text of the entry')
  readonly description: string;

  @ApiText('Decimal; negative is credit')
  readonly amount: string;

  @ApiEnum(['USD'], 'Currency of the amount')
  readonly currency: 'USD';

  @ApiTime('Time of the entry')
  readonly at: string;

  @ApiText("The provider's id of the invoice", { nullable: true })
  readonly invoice_uuid: string | null;

  @ApiText("The provider's number of the invoice", { nullable: true })
  readonly invoice_number: string | null;
}

/** The balance of the account. */
export class BalanceResponse {
  @ApiText('Decimal; amount due, with the usage of the month so far')
  readonly month_to_date_balance: string;

  @ApiText('Decimal; amount due from previous months, negative is credit')
  readonly account_balance: string;

  @ApiText('Decimal; usage of the month so far')
  readonly month_to_date_usage: string;

  @ApiEnum(['USD'], 'Currency of the amounts')
  readonly currency: 'USD';

  @ApiTime('Time when the provider computed the balance')
  readonly generated_at: string;

  @ApiTime('Time when the balance was read')
  readonly taken_at: string;
}
