import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, IsOptional, ValidateNested } from 'class-validator';
import { PNL_GROUPS, POOL_METHODS, POOLS, type PnlGroup, type PoolChange, type PoolMethod, type PoolName } from '#libs/tenant-billing';
import { IsOneOf, IsPeriod } from '../http/input.decorators';
import { PageQuery, ReasonBody } from '../http/http.dto';
import { ApiInput } from '../http/swagger.decorators';

export class BillingRunBody extends ReasonBody {
  @ApiInput('The month to rate; it must have ended', { example: '2026-10' })
  @IsPeriod()
  readonly period: string;
}

export class BillingRunsQuery extends PageQuery {
  @ApiInput('Runs of this month', { example: '2026-10' })
  @IsOptional()
  @IsPeriod()
  readonly period?: string;
}

export class PnlQuery {
  @ApiInput('The month, or the last of twelve with `group_by=month`', { example: '2026-10' })
  @IsPeriod()
  readonly period: string;

  @ApiInput('What the figures are split by', { default: 'tenant' })
  @IsOneOf(PNL_GROUPS)
  readonly group_by: string = 'tenant';

  toGroup(): PnlGroup {
    return this.group_by as PnlGroup;
  }
}

export class PoolsQuery {
  @ApiInput('The month', { example: '2026-12' })
  @IsPeriod()
  readonly period: string;
}

class PoolInput {
  @ApiInput('The pool', { example: 'support' })
  @IsOneOf(POOLS)
  readonly pool: string;

  @ApiInput('How it is split', { example: 'proportional' })
  @IsOneOf(POOL_METHODS)
  readonly method: string;

  @ApiInput('With `weighted`: whole numbers by tenant', { example: { acme: 2, birch: 1 } })
  @IsOptional()
  @IsObject()
  readonly weights?: Record<string, number>;
}

export class PoolsBody extends ReasonBody {
  @ApiInput('The first month in which it counts', { example: '2026-12' })
  @IsPeriod()
  readonly valid_from: string;

  @ApiInput('The pools to set; others stay', { of: () => PoolInput, example: [{ pool: 'support', method: 'proportional' }] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(5)
  @IsObject({ each: true, message: '$property must be a list of objects' })
  @ValidateNested({ each: true })
  @Type(() => PoolInput)
  readonly pools: readonly PoolInput[];

  toChanges(): PoolChange[] {
    return this.pools.map(({ pool, method, weights }) => ({
      pool: pool as PoolName,
      method: method as PoolMethod,
      ...(weights && { weights }),
    }));
  }
}
