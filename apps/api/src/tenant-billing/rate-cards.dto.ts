import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsObject,
  IsOptional,
  IsUUID,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { ValidationFailedError } from '#libs/kernel';
import type { OverrideInput, RateCardChange, RateInput, VersionInput } from '#libs/tenant-billing';
import { IsNotBlank, IsPeriod, IsTenantId, OrNull } from '../http/input.decorators';
import { PageQuery, ReasonBody, RequiredReasonBody } from '../http/http.dto';
import { ApiInput } from '../http/swagger.decorators';

const MOST_PRIORITY = 1_000;
const MODEL_EXAMPLE = { type: 'cost_plus', percent: '20' };
const SELECTOR_EXAMPLE = { kind: 'droplet', sku: 's-2vcpu-*' };

export class RateCardBody extends ReasonBody {
  @ApiInput('Name', { example: 'Gold' })
  @MaxLength(100)
  @IsNotBlank()
  readonly name: string;
}

export class RateCardChangeBody extends ReasonBody {
  @ApiInput('New name', { example: 'Gold' })
  @IsOptional()
  @MaxLength(100)
  @IsNotBlank()
  readonly name?: string;

  @ApiInput('`true`: it becomes the default card from `default_from` on, until the month from which another one is', { example: true })
  @IsOptional()
  @IsBoolean()
  readonly is_default?: boolean;

  @ApiInput('The first month in which it is the default; the present month unless given. Needs `is_default`', { example: '2026-12' })
  @IsOptional()
  @IsPeriod()
  readonly default_from?: string;

  /** Throws `ValidationFailedError` for `is_default: false`, because some card must be the default, and for a month without `is_default`. */
  toChange(): RateCardChange {
    const { name, is_default, default_from } = this;
    if (is_default === false)
      throw new ValidationFailedError([
        { field: 'is_default', message: 'is_default can only be true: make another card the default instead' },
      ]);
    if (default_from !== undefined && !is_default)
      throw new ValidationFailedError([{ field: 'default_from', message: 'default_from needs is_default: true' }]);
    return { ...(name !== undefined && { name }), ...(is_default && { is_default, ...(default_from !== undefined && { default_from }) }) };
  }
}

class RateInputBody implements RateInput {
  @ApiInput('What it applies to: product, kind, sku, region, project_id, tag; everything unless given', { example: SELECTOR_EXAMPLE })
  @IsOptional()
  @IsObject()
  readonly selector?: Record<string, unknown>;

  @ApiInput('How the price is computed', { example: MODEL_EXAMPLE })
  @IsObject()
  readonly model: Record<string, unknown>;

  @ApiInput('Among rates with as many dimensions the higher one counts', { example: 0 })
  @IsOptional()
  @IsInt()
  @Min(-MOST_PRIORITY)
  @Max(MOST_PRIORITY)
  readonly priority?: number;
}

export class RateCardVersionBody extends ReasonBody implements VersionInput {
  @ApiInput('The first month in which it counts', { example: '2026-12' })
  @IsPeriod()
  readonly valid_from: string;

  @ApiInput('The rates', { of: () => RateInputBody, example: [{ selector: SELECTOR_EXAMPLE, model: MODEL_EXAMPLE }] })
  @IsArray()
  @ArrayMaxSize(500)
  @IsObject({ each: true, message: '$property must be a list of objects' })
  @ValidateNested({ each: true })
  @Type(() => RateInputBody)
  readonly rates: readonly RateInputBody[];

  @ApiInput('What applies to a month after its lines: discount_percent, minimum_commitment, maximum_spend, recurring_fee', {
    example: { discount_percent: '5' },
  })
  @IsOptional()
  @IsObject()
  readonly monthly?: Record<string, unknown>;
}

export class SimulationBody {
  @ApiInput('The month to rate under this version', { example: '2026-10' })
  @IsPeriod()
  readonly period: string;
}

export class TenantRateCardBody extends ReasonBody {
  @ApiInput('The card; null: the default card')
  @OrNull()
  @IsUUID()
  readonly card_id: string | null;

  @ApiInput('The first month in which it counts', { example: '2026-12' })
  @IsPeriod()
  readonly valid_from: string;
}

export class RateOverridesQuery extends PageQuery {
  @ApiInput('Overrides of this tenant', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Overrides of this resource')
  @IsOptional()
  @IsUUID()
  readonly resource_id?: string;
}

export class RateOverrideBody extends RequiredReasonBody implements OverrideInput {
  @ApiInput('The tenant; either it or `resource_id`', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('The resource, for whichever tenant owns it')
  @IsOptional()
  @IsUUID()
  readonly resource_id?: string;

  @ApiInput('What it applies to; everything unless given', { example: SELECTOR_EXAMPLE })
  @IsOptional()
  @IsObject()
  readonly selector?: Record<string, unknown>;

  @ApiInput('How the price is computed', { example: MODEL_EXAMPLE })
  @IsObject()
  readonly model: Record<string, unknown>;

  @ApiInput('Among overrides with as many dimensions the higher one counts', { example: 0 })
  @IsOptional()
  @IsInt()
  @Min(-MOST_PRIORITY)
  @Max(MOST_PRIORITY)
  readonly priority?: number;

  @ApiInput('The first month in which it counts', { example: '2026-12' })
  @IsPeriod()
  readonly valid_from: string;

  @ApiInput('The first month in which it does not count any more', { example: '2027-06' })
  @IsOptional()
  @IsPeriod()
  readonly valid_to?: string;
}
