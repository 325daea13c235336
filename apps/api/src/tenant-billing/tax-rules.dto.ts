import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  DEFAULT_ISSUER,
  TAX_CATEGORIES,
  TAX_ID_STATES,
  TAX_PLACES,
  TAX_SETS,
  type TaxCategory,
  type TaxIdState,
  type TaxPlace,
  type TaxRuleChange,
  type TaxRuleInput,
  type TaxSet,
  type TaxWhen,
} from '#libs/tenant-billing';
import { PageQuery, ReasonBody } from '../http/http.dto';
import { IsNotBlank, IsOneOf, IsTenantId } from '../http/input.decorators';
import { ApiInput } from '../http/swagger.decorators';
import { TaxIdEvidenceInput } from './profiles.dto';

const MOST_PRIORITY = 1_000;
const RATE = /^(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)$/;
const RATE_TEXT = { message: '$property must be percent from 0 to 100 as decimal text, such as 19' };
const COUNTRY = /^[A-Z]{2}$/;

export class TaxRulesQuery extends PageQuery {
  @ApiInput('Rules of this issuer', { example: 'default' })
  @IsOptional()
  @MaxLength(200)
  @IsNotBlank()
  readonly issuer_id?: string;

  @ApiInput('Exceptions of this tenant', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Rules with this category')
  @IsOptional()
  @IsOneOf(TAX_CATEGORIES)
  readonly category?: string;

  @ApiInput('`true`: rules that count; `false`: the others')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly active?: string;

  toFilters() {
    const { issuer_id, tenant_id, category, active } = this;
    return {
      ...(issuer_id !== undefined && { issuer_id }),
      ...(tenant_id !== undefined && { tenant_id }),
      ...(category !== undefined && { category }),
      ...(active !== undefined && { active: active === 'true' }),
    };
  }
}

class TaxWhenInput {
  @ApiInput('Where the customer is, seen from the issuer', { example: 'other_eu' })
  @IsOptional()
  @IsOneOf(TAX_PLACES)
  readonly place?: string;

  @ApiInput('Countries of the customer, two letters each', { example: ['NZ'] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(60)
  @Matches(COUNTRY, { each: true, message: '$property must be countries of two letters, such as NZ' })
  readonly countries?: readonly string[];

  @ApiInput('Whether the customer is a business')
  @IsOptional()
  @IsBoolean()
  readonly is_business?: boolean;

  @ApiInput('States of its tax id: none given, `unchecked`, or `valid` or `invalid` by the answer of a register', { example: ['valid'] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(4)
  @IsIn(TAX_ID_STATES, { each: true })
  readonly tax_id?: readonly TaxIdState[];

  toWhen(): TaxWhen {
    const { place, countries, is_business, tax_id } = this;
    return {
      ...(place !== undefined && { place: place as TaxPlace }),
      ...(countries !== undefined && { countries }),
      ...(is_business !== undefined && { is_business }),
      ...(tax_id !== undefined && { tax_id }),
    };
  }
}

/** The fields that a new rule and a change may both leave out. */
class TaxRuleFields extends ReasonBody {
  @ApiInput('What must be true of the customer; everything that is given', { of: () => TaxWhenInput })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => TaxWhenInput)
  readonly when?: TaxWhenInput;

  @ApiInput('Words that the law asks for')
  @IsOptional()
  @MaxLength(500)
  @IsNotBlank()
  readonly text?: string;

  @ApiInput('Kind of the tax registration that the issuer must have', { example: 'ABN' })
  @IsOptional()
  @MaxLength(40)
  @IsNotBlank()
  readonly issuer_tax_id?: string;

  @ApiInput('What the exception of a tenant is based on', { of: () => TaxIdEvidenceInput })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => TaxIdEvidenceInput)
  readonly evidence?: TaxIdEvidenceInput;
}

/** A change of a rule; what is left out stays. */
export class TaxRuleChangeBody extends TaxRuleFields {
  @ApiInput('The `version` that the change is based on', { example: 1 })
  @IsInt()
  @Min(1)
  readonly expected_version: number;

  @ApiInput('The highest one that matches counts', { example: 50 })
  @IsOptional()
  @IsInt()
  @Min(-MOST_PRIORITY)
  @Max(MOST_PRIORITY)
  readonly priority?: number;

  @ApiInput('Category after EN 16931', { example: 'S' })
  @IsOptional()
  @IsOneOf(TAX_CATEGORIES)
  readonly category?: string;

  @ApiInput('Percent; 0 for every category but S', { example: '19' })
  @IsOptional()
  @Matches(RATE, RATE_TEXT)
  readonly rate?: string;

  @ApiInput('Name of the tax, as documents print it', { example: 'VAT 19 %' })
  @IsOptional()
  @MaxLength(100)
  @IsNotBlank()
  readonly label?: string;

  @ApiInput('Title of the document', { example: 'Tax invoice' })
  @IsOptional()
  @MaxLength(100)
  @IsNotBlank()
  readonly title?: string;

  @ApiInput('Whether the document needs the tax id of the customer')
  @IsOptional()
  @IsBoolean()
  readonly customer_tax_id?: boolean;

  @ApiInput('Whether the rule counts')
  @IsOptional()
  @IsBoolean()
  readonly active?: boolean;

  toChange(): TaxRuleChange {
    const { priority, when, category, rate, label, text, title, issuer_tax_id, customer_tax_id, evidence, active } = this;
    const change = { priority, rate, label, text, title, issuer_tax_id, customer_tax_id, evidence, active };
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as TaxRuleChange;
    return { ...given, ...(when && { when: when.toWhen() }), ...(category !== undefined && { category: category as TaxCategory }) };
  }
}

export class TaxRuleBody extends TaxRuleFields {
  @ApiInput('The issuer', { default: DEFAULT_ISSUER })
  @MaxLength(200)
  @IsNotBlank()
  readonly issuer_id: string = DEFAULT_ISSUER;

  @ApiInput('An exception for this tenant, which counts before all other rules; needs `evidence`', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('The highest one that matches counts', { default: 0 })
  @IsInt()
  @Min(-MOST_PRIORITY)
  @Max(MOST_PRIORITY)
  readonly priority: number = 0;

  @ApiInput('Category after EN 16931', { example: 'S' })
  @IsOneOf(TAX_CATEGORIES)
  readonly category: string;

  @ApiInput('Percent; 0 for every category but S', { example: '19' })
  @Matches(RATE, RATE_TEXT)
  readonly rate: string;

  @ApiInput('Name of the tax, as documents print it', { example: 'VAT 19 %' })
  @MaxLength(100)
  @IsNotBlank()
  readonly label: string;

  @ApiInput('Title of the document', { default: 'Invoice' })
  @MaxLength(100)
  @IsNotBlank()
  readonly title: string = 'Invoice';

  @ApiInput('Whether the document needs the tax id of the customer', { default: false })
  @IsBoolean()
  readonly customer_tax_id: boolean = false;

  toInput(): TaxRuleInput {
    const { tenant_id = null, priority, when, category, rate, label, text = null, title } = this;
    const { issuer_tax_id = null, customer_tax_id, evidence = null } = this;
    const result = { category: category as TaxCategory, rate, label, text, title, issuer_tax_id, customer_tax_id };
    return { tenant_id, priority, when: when?.toWhen() ?? {}, ...result, evidence };
  }
}

export class TaxSetBody extends ReasonBody {
  @ApiInput('The issuer', { default: DEFAULT_ISSUER })
  @MaxLength(200)
  @IsNotBlank()
  readonly issuer_id: string = DEFAULT_ISSUER;

  @ApiInput('The set; it must be made for the country of the issuer', { example: 'EU' })
  @IsOneOf(TAX_SETS)
  readonly set: string;

  toSet(): TaxSet {
    return this.set as TaxSet;
  }
}
