import { IsIn, IsOptional, IsUUID, Matches, MaxLength, MinLength } from 'class-validator';
import { GROUPS, type CostLineFilters, type Group } from '#libs/provider-billing';
import { ApiInput } from '../http/swagger.decorators';
import { IsPeriod, IsTenantId, IsWord } from '../http/input.decorators';
import { PageQuery } from '../http/http.dto';

const GROUP = Object.keys(GROUPS).join('|');

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
  @IsIn(['discovered', 'ingesting', 'ingested', 'failed'])
  readonly status?: string;

  @ApiInput('Result of the reconciliation')
  @IsOptional()
  @IsIn(['reconciled', 'mismatch', 'released'])
  readonly reconciliation?: string;
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
  @IsWord()
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
  @IsIn(['true', 'false'])
  readonly matched?: string;

  toFilters(): CostLineFilters {
    const { period, matched, invoice_id, kind, tenant_id, project_name, resource_id } = this;
    return {
      period: firstDayOf(period),
      matched: matched === undefined ? undefined : matched === 'true',
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
  @Matches(new RegExp(`^(${GROUP})(,(${GROUP})){0,4}$`), { message: `group_by must name some of ${GROUP.replaceAll('|', ', ')}` })
  readonly group_by?: string;

  groups(): Group[] {
    return [...new Set((this.group_by ?? 'tenant').split(','))] as Group[];
  }
}

/** Filter of the billing history. */
export class HistoryQuery extends PageQuery {
  @ApiInput("The provider's type: Invoice, Payment, Credit, AttemptFailed, …", { example: 'Payment' })
  @IsOptional()
  @IsWord()
  readonly type?: string;
}
