import { GROUPS } from '#libs/provider-billing';
import { IsIn, IsOptional, IsUUID, Matches, MaxLength, MinLength } from 'class-validator';
import { PageQuery } from '../requests/page.query';
import { IsTenantId, IsWord } from '../requests/validators';
import { IsPeriod } from './period';

const GROUP = Object.keys(GROUPS).join('|');

export class InvoicesQuery extends PageQuery {
  @IsOptional()
  @IsPeriod()
  readonly period?: string;

  @IsOptional()
  @IsIn(['discovered', 'ingesting', 'ingested', 'failed'])
  readonly status?: string;

  @IsOptional()
  @IsIn(['reconciled', 'mismatch', 'released'])
  readonly reconciliation?: string;
}

export class CostLinesQuery extends PageQuery {
  @IsOptional()
  @IsPeriod()
  readonly period?: string;

  @IsOptional()
  @IsUUID('all')
  readonly invoice_id?: string;

  @IsOptional()
  @IsWord()
  readonly kind?: string;

  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @IsOptional()
  @MinLength(1)
  @MaxLength(255)
  readonly project_name?: string;

  @IsOptional()
  @IsUUID('all')
  readonly resource_id?: string;

  /** Whether a resource or a project was found for the line. */
  @IsOptional()
  @IsIn(['true', 'false'])
  readonly matched?: string;
}

export class CostSummaryQuery {
  @IsOptional()
  @IsPeriod()
  readonly period?: string;

  /** What to sum by, any of tenant, kind, project, product and period, with commas between them. */
  @IsOptional()
  @Matches(new RegExp(`^(${GROUP})(,(${GROUP})){0,4}$`), { message: `group_by must name some of ${GROUP.replaceAll('|', ', ')}` })
  readonly group_by?: string;
}

export class HistoryQuery extends PageQuery {
  /** The provider's word: Invoice, Payment, Credit, AttemptFailed, … */
  @IsOptional()
  @IsWord()
  readonly type?: string;
}
