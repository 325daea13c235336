import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsEmail,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { AUTO_MODES, type AutoMode, type IssuerFields, type ProfileFields, type TaxId, type TaxIdEvidence } from '#libs/tenant-billing';
import { IsNotBlank, IsOneOf, IsTimestamp } from '../http/input.decorators';
import { ReasonBody } from '../http/http.dto';
import { ApiInput } from '../http/swagger.decorators';

const COUNTRY = /^[A-Z]{2}$/;
const COUNTRY_TEXT = { message: '$property must be a country of two letters, such as AU' };
const PREFIX = /^[A-Z0-9][A-Z0-9/-]{0,19}$/;
const CURRENCY = /^[A-Z]{3}$/;
const CURRENCY_TEXT = { message: '$property must be a currency of three letters, such as EUR' };
const ZONE = /^[A-Za-z0-9_+-]{1,32}(\/[A-Za-z0-9_+-]{1,32}){0,2}$/;
const LANGUAGE = /^[a-z]{2}(-[A-Z]{2})?$/;

/** A tax registration. */
class TaxIdInput implements TaxId {
  @ApiInput('Name of the registration', { example: 'ABN' })
  @MaxLength(40)
  @IsNotBlank()
  readonly kind: string;

  @ApiInput('Its number', { example: '51 824 753 556' })
  @MaxLength(60)
  @IsNotBlank()
  readonly id: string;
}

/** The answer of a register about a tax id. */
export class TaxIdEvidenceInput implements TaxIdEvidence {
  @ApiInput('Time of the check')
  @IsTimestamp()
  readonly checked_at: string;

  @ApiInput('The register that was asked', { example: 'VIES' })
  @MaxLength(100)
  @IsNotBlank()
  readonly source: string;

  @ApiInput('Its answer', { example: 'valid' })
  @MaxLength(500)
  @IsNotBlank()
  readonly answer: string;
}

/** The whole issuer; what is left out is as installed. */
export class IssuerBody extends ReasonBody {
  @ApiInput('The `version` that the change is based on', { example: 1 })
  @IsInt()
  @Min(0)
  readonly expected_version: number;

  @ApiInput('Legal name', { example: 'Harbour Hosting Pty Ltd' })
  @IsOptional()
  @MaxLength(200)
  @IsNotBlank()
  readonly name?: string;

  @ApiInput('Address, with line breaks', { example: '1 Quay Street\nSydney NSW 2000' })
  @IsOptional()
  @MaxLength(500)
  @IsNotBlank()
  readonly address?: string;

  @ApiInput('Country, two letters', { example: 'AU' })
  @IsOptional()
  @Matches(COUNTRY, COUNTRY_TEXT)
  readonly country?: string;

  @ApiInput('Tax registrations, as documents print them', { of: () => TaxIdInput })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsObject({ each: true, message: '$property must be a list of objects' })
  @ValidateNested({ each: true })
  @Type(() => TaxIdInput)
  readonly tax_ids?: readonly TaxIdInput[];

  @ApiInput('How to pay, as documents print it')
  @IsOptional()
  @MaxLength(1_000)
  @IsNotBlank()
  readonly bank_text?: string;

  @ApiInput('Beginning of invoice numbers', { default: 'INV-' })
  @Matches(PREFIX, { message: '$property must be 1 to 20 capital letters, digits, / and -' })
  readonly number_prefix: string = 'INV-';

  @ApiInput('Days after the first reconciled invoice of the provider before drafts are built', { default: 3 })
  @IsInt()
  @Min(0)
  @Max(60)
  readonly grace_days: number = 3;

  @ApiInput('Days until an invoice is due', { default: 14 })
  @IsInt()
  @Min(0)
  @Max(365)
  readonly net_days: number = 14;

  @ApiInput('Whether invoices over nothing are issued', { default: false })
  @IsBoolean()
  readonly issue_zero: boolean = false;

  @ApiInput('Time zone of printed dates', { default: 'UTC', example: 'Australia/Sydney' })
  @Matches(ZONE, { message: '$property must be a time zone such as Australia/Sydney' })
  readonly time_zone: string = 'UTC';

  @ApiInput('Currency of invoices to tenants without one of their own', { default: 'USD', example: 'AUD' })
  @Matches(CURRENCY, CURRENCY_TEXT)
  readonly currency: string = 'USD';

  @ApiInput('Whether invoice numbers begin anew each year, such as `INV-2026-00001`', { default: false })
  @IsBoolean()
  readonly yearly: boolean = false;

  toFields(): IssuerFields {
    const { name = null, address = null, country = null, tax_ids = [], bank_text = null } = this;
    const { number_prefix, grace_days, net_days, issue_zero, time_zone, currency, yearly } = this;
    return { name, address, country, tax_ids, bank_text, number_prefix, grace_days, net_days, issue_zero, time_zone, currency, yearly };
  }
}

/** The whole profile; what is left out becomes empty. */
export class BillingProfileBody extends ReasonBody {
  @ApiInput('The `version` that the change is based on; 0 before its first change', { example: 0 })
  @IsInt()
  @Min(0)
  readonly expected_version: number;

  @ApiInput('Legal name', { example: 'Acme GmbH' })
  @IsOptional()
  @MaxLength(200)
  @IsNotBlank()
  readonly legal_name?: string;

  @ApiInput('Address, with line breaks')
  @IsOptional()
  @MaxLength(500)
  @IsNotBlank()
  readonly address?: string;

  @ApiInput('Country, two letters', { example: 'DE' })
  @IsOptional()
  @Matches(COUNTRY, COUNTRY_TEXT)
  readonly country?: string;

  @ApiInput('Whether the tenant is a business, which decides about tax')
  @IsOptional()
  @IsBoolean()
  readonly is_business?: boolean;

  @ApiInput('Tax id', { example: 'DE123456789' })
  @IsOptional()
  @MaxLength(60)
  @IsNotBlank()
  readonly tax_id?: string;

  @ApiInput('The answer of a register about the tax id', { of: () => TaxIdEvidenceInput })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => TaxIdEvidenceInput)
  readonly tax_id_evidence?: TaxIdEvidenceInput;

  @ApiInput('Currency of its invoices; that of the issuer unless given. Another one than USD needs an exchange rate', { example: 'EUR' })
  @IsOptional()
  @Matches(CURRENCY, CURRENCY_TEXT)
  readonly currency?: string;

  @ApiInput('Days until an invoice is due; those of the issuer unless given')
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(365)
  readonly net_days?: number;

  @ApiInput('Language of documents', { example: 'en' })
  @IsOptional()
  @Matches(LANGUAGE, { message: '$property must be a language such as en or de-AT' })
  readonly language?: string;

  @ApiInput('Where documents are sent', { example: 'billing@acme.example' })
  @IsOptional()
  @IsEmail()
  @MaxLength(200)
  readonly email?: string;

  @ApiInput('Purchase order that documents print')
  @IsOptional()
  @IsString()
  @MaxLength(100)
  readonly purchase_order?: string;

  @ApiInput('How far a run carries a draft without problems by itself', { default: 'off' })
  @IsOneOf(AUTO_MODES)
  readonly auto: string = 'off';

  @ApiInput('Nothing is issued to the tenant while it is true', { default: false })
  @IsBoolean()
  readonly paused: boolean = false;

  toFields(): ProfileFields {
    const { legal_name = null, address = null, country = null, is_business = null, tax_id = null, tax_id_evidence = null } = this;
    const { currency = null, net_days = null, language = null, email = null, purchase_order = null, paused } = this;
    const auto = this.auto as AutoMode;
    const party = { legal_name, address, country, is_business, tax_id, tax_id_evidence };
    return { ...party, currency, net_days, language, email, purchase_order, auto, paused };
  }
}
