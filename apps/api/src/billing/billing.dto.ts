import { IsOptional, IsUUID, MaxLength, MinLength } from 'class-validator';
import { GROUPS, type CostLineFilters, type Group, type HistoryFilters } from '#libs/provider-billing';
import { ApiInput } from '../http/swagger.decorators';
import { IsKnown, IsOneOf, IsPeriod, IsSomeOf, IsTenantId } from '../http/input.decorators';
import { PageQuery, TimeRangeQuery } from '../http/http.dto';

const MATCH_METHODS = ['provider_id', 'urn', 'name', 'project_name'];
/** Why no resource was found. */
const MATCH_REASONS = [
  'account_wide',
  'ambiguous_resource',
  'billed_twice',
  'credit',
  'id_never_seen',
  'name_never_seen',
  'no_namesake_then',
  'tax',
  'unknown_product',
  'unnamed',
];

/** First day of a month, as tables store it. */
export function firstDayOf(period: string | undefined): string | undefined {
  return period === undefined ? undefined : `${period.slice(0, 7)}-01`;
}

/** Filters of the list of invoices. */
export class InvoicesQuery extends PageQuery {
  @ApiInput('The month, as `2026-04` or as its first day', { example: '2026-04' })
  @IsOptional()
  @IsPeriod()
  readonly period?: string;

  @ApiInput('State of the ingest')
  @IsOptional()
  @IsOneOf(['discovered', 'ingesting', 'ingested', 'failed'])
  readonly status?: string;

  @ApiInput('Result of the reconciliation')
  @IsOptional()
  @IsOneOf(['reconciled', 'mismatch', 'released'])
  readonly reconciliation?: string;

  @ApiInput("The provider's id of the invoice")
  @IsOptional()
  @MinLength(1)
  @MaxLength(100)
  readonly invoice_uuid?: string;
}

/** Filters of cost lines. */
export class CostLinesQuery extends PageQuery {
  @ApiInput('The month, as `2026-04` or as its first day', { example: '2026-04' })
  @IsOptional()
  @IsPeriod()
  readonly period?: string;

  @ApiInput('Id of an invoice')
  @IsOptional()
  @IsUUID('all')
  readonly invoice_id?: string;

  @ApiInput('Resource kind, or tax, credit, account, other', { example: 'droplet' })
  @IsOptional()
  @IsKnown('line_kind')
  readonly kind?: string;

  @ApiInput('Owner of the costs', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Name of the project on the invoice')
  @IsOptional()
  @MinLength(1)
  @MaxLength(255)
  readonly project_name?: string;

  @ApiInput('Id of the matched resource')
  @IsOptional()
  @IsUUID('all')
  readonly resource_id?: string;

  @ApiInput('Whether the line is matched to a resource or a project')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly matched?: string;

  @ApiInput("The provider's product", { example: 'Droplets' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(255)
  readonly product?: string;

  @ApiInput('How the resource or project was found')
  @IsOptional()
  @IsOneOf(MATCH_METHODS)
  readonly match_method?: string;

  @ApiInput('Why no resource was found')
  @IsOptional()
  @IsOneOf(MATCH_REASONS)
  readonly match_reason?: string;

  @ApiInput('Whether the line is tax')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly is_tax?: string;

  toFilters(): CostLineFilters {
    const { period, matched, is_tax, invoice_id, kind, tenant_id, project_name, resource_id, product, match_method, match_reason } = this;
    return {
      period: firstDayOf(period),
      matched: matched === undefined ? undefined : matched === 'true',
      is_tax: is_tax === undefined ? undefined : is_tax === 'true',
      product,
      match_method,
      match_reason,
      invoice_id,
      kind,
      tenant_id,
      project_name,
      resource_id,
    };
  }
}

export class CostSummaryQuery {
  @ApiInput('The month, as `2026-04` or as its first day; all invoices unless given', { example: '2026-04' })
  @IsOptional()
  @IsPeriod()
  readonly period?: string;

  @ApiInput('Fields to group by: any of tenant, kind, project, product and period, separated by commas; tenant unless given', {
    example: 'tenant,kind',
  })
  @IsOptional()
  @IsSomeOf(Object.keys(GROUPS))
  readonly group_by?: string;

  groups(): Group[] {
    return [...new Set((this.group_by ?? 'tenant').split(','))] as Group[];
  }
}

/** Filters of the billing history. */
export class HistoryQuery extends TimeRangeQuery {
  @ApiInput("The provider's type: Invoice, Payment, Credit, AttemptFailed, …", { example: 'Payment' })
  @IsOptional()
  @IsKnown('history_type')
  readonly type?: string;

  @ApiInput("The provider's id of the invoice")
  @IsOptional()
  @MinLength(1)
  @MaxLength(100)
  readonly invoice_uuid?: string;

  toFilters(): HistoryFilters {
    const { type, invoice_uuid, since, until } = this;
    return { type, invoice_uuid, since, until };
  }
}
