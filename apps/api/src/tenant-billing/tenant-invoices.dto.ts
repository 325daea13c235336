import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsObject,
  IsOptional,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { ValidationFailedError } from '#libs/kernel';
import {
  BULK_VERBS,
  INVOICE_KINDS,
  INVOICE_SORTS,
  INVOICE_STATUSES,
  MOST_INVOICES,
  PAYMENT_STATUSES,
  TAX_STATUSES,
  type Adjust,
  type BulkInvoices,
  type BulkVerb,
  type FxRateInput,
  type InvoiceSort,
  type ManualLine,
  type TenantInvoiceFilters,
} from '#libs/tenant-billing';
import { IsDay, IsNotBlank, IsOneOf, IsPeriod, IsSomeOf, IsTenantId, IsWord, wordsIn } from '../http/input.decorators';
import { PageQuery, ReasonBody, RequiredReasonBody } from '../http/http.dto';
import { ApiInput } from '../http/swagger.decorators';

const CURRENCY = /^[A-Z]{3}$/;
const CURRENCY_TEXT = { message: '$property must be a currency of three letters, such as EUR' };
const DECIMAL = /^-?\d{1,12}(\.\d{1,10})?$/;
const DECIMAL_TEXT = { message: '$property must be decimal text such as 12.50' };
const MOST_LINES = 100;
const ISSUED_ON =
  'the day on the document, today unless given: not in the future, not before the end of the month, and not before that of the last number';

/** Filters of the list of invoices to tenants. */
export class TenantInvoicesQuery extends PageQuery {
  @ApiInput('The month', { example: '2026-10' })
  @IsOptional()
  @IsPeriod()
  readonly period?: string;

  @ApiInput('The tenant; a tenant gets its own in any case', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('`standard`: the lines of a month; `one_off`: lines that a person wrote')
  @IsOptional()
  @IsOneOf(INVOICE_KINDS)
  readonly kind?: string;

  @ApiInput('Where the invoice is; several are separated by commas', { example: 'issued' })
  @IsOptional()
  @IsSomeOf(INVOICE_STATUSES)
  readonly status?: string;

  @ApiInput('Of issued invoices; several are separated by commas', { example: 'unpaid,partly_paid' })
  @IsOptional()
  @IsSomeOf(PAYMENT_STATUSES)
  readonly payment_status?: string;

  @ApiInput('Whether the tax is decided')
  @IsOptional()
  @IsOneOf(TAX_STATUSES)
  readonly tax_status?: string;

  @ApiInput('`true`: issued, not paid and past the due date')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly overdue?: string;

  @ApiInput('The number of an issued invoice', { example: 'INV-00042' })
  @IsOptional()
  @MaxLength(60)
  @IsNotBlank()
  readonly number?: string;

  @ApiInput('Currency', { example: 'EUR' })
  @IsOptional()
  @Matches(CURRENCY, CURRENCY_TEXT)
  readonly currency?: string;

  @ApiInput('Invoices with a problem of this code', { example: 'profile_incomplete' })
  @IsOptional()
  @IsWord()
  readonly problem?: string;

  @ApiInput('Invoices with a problem of this severity; a critical one keeps a draft from its approval', { example: 'critical' })
  @IsOptional()
  @IsOneOf(['critical', 'warning'])
  readonly problem_severity?: string;

  @ApiInput('Order; a minus reverses it', { default: '-created' })
  @IsOptional()
  @IsOneOf(INVOICE_SORTS)
  readonly sort?: string;

  toFilters(): TenantInvoiceFilters {
    const { period, tenant_id, kind, tax_status, number, currency, problem, problem_severity } = this;
    return {
      period,
      tenant_id,
      kind,
      tax_status,
      number,
      currency,
      problem,
      problem_severity,
      status: this.status === undefined ? undefined : wordsIn(this.status),
      payment_status: this.payment_status === undefined ? undefined : wordsIn(this.payment_status),
      overdue: this.overdue === undefined ? undefined : this.overdue === 'true',
      sort: this.sort as InvoiceSort | undefined,
    };
  }
}

export class BuildBody extends ReasonBody {
  @ApiInput('The month; its provider invoices are reconciled or released, and it is rated', { example: '2026-10' })
  @IsPeriod()
  readonly period: string;
}

/** Body of a verb. */
export class InvoiceVerbBody extends RequiredReasonBody {
  @ApiInput('The `version` that the change is based on', { example: 1 })
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  readonly expected_version: number;
}

export class IssueBody extends InvoiceVerbBody {
  @ApiInput(ISSUED_ON, { example: '2026-11-05' })
  @IsOptional()
  @IsDay()
  readonly issued_on?: string;
}

class ManualLineInput implements ManualLine {
  @ApiInput('What the document prints', { example: 'Migration of two servers' })
  @MaxLength(300)
  @IsNotBlank()
  readonly description: string;

  @ApiInput('Units, decimal text above 0', { default: '1', example: '2' })
  @Matches(DECIMAL, DECIMAL_TEXT)
  readonly quantity: string = '1';

  @ApiInput('What a unit is', { default: 'each', example: 'hour' })
  @MaxLength(40)
  @IsNotBlank()
  readonly unit: string = 'each';

  @ApiInput('Price of a unit in the currency of the invoice, decimal text; below 0 it lowers the invoice', { example: '120.00' })
  @Matches(DECIMAL, DECIMAL_TEXT)
  readonly unit_price: string;
}

export class AdjustBody extends InvoiceVerbBody {
  @ApiInput('A line to add; it survives a refresh', { of: () => ManualLineInput })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ManualLineInput)
  readonly add?: ManualLineInput;

  @ApiInput('The number of a manual line to remove', { example: 12 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  readonly remove?: number;

  toAdjust(): Adjust {
    const { add, remove } = this;
    return { ...(add && { add }), ...(remove !== undefined && { remove }) };
  }
}

export class OneOffBody extends RequiredReasonBody {
  @ApiInput('The tenant', { example: 'acme' })
  @IsTenantId()
  readonly tenant_id: string;

  @ApiInput('Its lines', {
    of: () => ManualLineInput,
    example: [{ description: 'Migration of two servers', quantity: '2', unit: 'hour', unit_price: '120.00' }],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_LINES)
  @IsObject({ each: true, message: '$property must be a list of objects' })
  @ValidateNested({ each: true })
  @Type(() => ManualLineInput)
  readonly lines: readonly ManualLineInput[];
}

/** Filters of a bulk change: those of the list. */
class InvoiceFilterInput {
  @ApiInput('The month', { example: '2026-10' })
  @IsOptional()
  @IsPeriod()
  readonly period?: string;

  @ApiInput('The tenant', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('`standard` or `one_off`')
  @IsOptional()
  @IsOneOf(INVOICE_KINDS)
  readonly kind?: string;

  @ApiInput('Where the invoices are; several are separated by commas', { example: 'ready' })
  @IsOptional()
  @IsSomeOf(INVOICE_STATUSES)
  readonly status?: string;

  @ApiInput('Currency', { example: 'EUR' })
  @IsOptional()
  @Matches(CURRENCY, CURRENCY_TEXT)
  readonly currency?: string;
}

export class BulkInvoicesBody extends RequiredReasonBody {
  @ApiInput('The verb', { example: 'approve' })
  @IsOneOf(BULK_VERBS)
  readonly verb: string;

  @ApiInput('These invoices; either `ids` or `filter`')
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_INVOICES)
  @IsUUID('all', { each: true, message: 'ids must be UUIDs' })
  readonly ids?: readonly string[];

  @ApiInput('All invoices that match, 1,000 at most', { of: () => InvoiceFilterInput, example: { period: '2026-10', status: 'draft' } })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => InvoiceFilterInput)
  readonly filter?: InvoiceFilterInput;

  @ApiInput(`With the verb \`issue\`: ${ISSUED_ON}`, { example: '2026-11-05' })
  @IsOptional()
  @IsDay()
  readonly issued_on?: string;

  /** Throws `ValidationFailedError` unless exactly one of `ids` and `filter` is given, and for a day of issue with another verb. */
  toChange(): BulkInvoices {
    const { ids, filter, issued_on: issuedOn } = this;
    if (issuedOn !== undefined && this.verb !== 'issue')
      throw new ValidationFailedError([{ field: 'issued_on', message: 'belongs to the verb issue' }]);
    if ((ids === undefined) === (filter === undefined))
      throw new ValidationFailedError([{ field: 'filter', message: 'give either filter or ids' }]);
    const verb = { verb: this.verb as BulkVerb, ...(issuedOn !== undefined && { issuedOn }) };
    if (ids) return { ...verb, ids: ids.map((id) => id.toLowerCase()) };
    const { period, tenant_id, kind, status, currency } = filter ?? {};
    return { ...verb, filter: { period, tenant_id, kind, currency, status: status === undefined ? undefined : wordsIn(status) } };
  }
}

export class FxRatesQuery extends PageQuery {
  @ApiInput('Currency', { example: 'EUR' })
  @IsOptional()
  @Matches(CURRENCY, CURRENCY_TEXT)
  readonly currency?: string;
}

export class FxRateBody extends ReasonBody implements FxRateInput {
  @ApiInput('Currency', { example: 'EUR' })
  @Matches(CURRENCY, CURRENCY_TEXT)
  readonly currency: string;

  @ApiInput('What a US dollar costs in it, decimal text', { example: '0.9231' })
  @Matches(/^\d{1,9}(\.\d{1,10})?$/, { message: '$property must be decimal text above 0, such as 0.9231' })
  readonly rate: string;

  @ApiInput('Where the rate is from; documents print it', { example: 'ECB' })
  @MaxLength(100)
  @IsNotBlank()
  readonly source: string;

  @ApiInput('The day of the rate. An invoice of a month has the last rate until the end of the month', { example: '2026-10-30' })
  @IsDay()
  readonly on: string;
}
