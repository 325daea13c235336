import { IsOptional, IsUUID, MaxLength, MinLength } from 'class-validator';
import { UNPRICED_REASONS } from '#libs/catalog';
import {
  COST_BASES,
  COST_GROUPS,
  type CostBasis,
  type CostGroupKey,
  type CostGroupView,
  type CostQuestion,
  type CostView,
} from '#libs/costs';
import type { Principal } from '#libs/identity';
import { ATTRIBUTION_REASONS } from '#libs/inventory';
import { ApiCount, ApiEnum, ApiFlag, ApiInput, ApiListOf, ApiText, ApiTime } from '../http/swagger.decorators';
import { AreKnown, IsKnown, IsOneOf, IsPeriod, IsSomeOf, IsTenantId, IsTimestamp } from '../http/input.decorators';
import { resourceFilters } from '../inventory/inventory-inputs.dto';

/** A question about costs: a time, a basis, groups, and filters as those of the inventory. */
export class CostsQuery {
  @ApiInput('The month, as `2026-10` or as its first day; the running month unless a time is given', { example: '2026-10' })
  @IsOptional()
  @IsPeriod()
  readonly period?: string;

  @ApiInput('Begin of the time, instead of `period`', { example: '2026-10-01T00:00:00Z' })
  @IsOptional()
  @IsTimestamp()
  readonly from?: string;

  @ApiInput('End of the time, exclusive; now unless given')
  @IsOptional()
  @IsTimestamp()
  readonly to?: string;

  @ApiInput(
    '`invoiced`: the lines of invoices, for admins. `accrued`: by the second, from what existed. Closed months are invoiced unless given',
  )
  @IsOptional()
  @IsOneOf(COST_BASES)
  readonly basis?: CostBasis;

  @ApiInput(
    'Fields to group by, separated by commas: tenant, kind, project, product, resource, region, tax, month, day (accrued only); tenant unless given',
    {
      example: 'tenant,kind',
    },
  )
  @IsOptional()
  @IsSomeOf(COST_GROUPS)
  readonly group_by?: string;

  @ApiInput('Resource kind; several are separated by commas', { example: 'droplet' })
  @IsOptional()
  @AreKnown('resource_kind')
  readonly kind?: string;

  @ApiInput('Present state, or `deleted` for what has ended; several are separated by commas. All states unless given', {
    example: 'deleted',
  })
  @IsOptional()
  @AreKnown('resource_status')
  readonly status?: string;

  @ApiInput('Region of the provider', { example: 'fra1' })
  @IsOptional()
  @IsKnown('region')
  readonly region?: string;

  @ApiInput('Size of the provider', { example: 's-1vcpu-1gb' })
  @IsOptional()
  @IsKnown('size')
  readonly size_slug?: string;

  @ApiInput('Id of a project of this service')
  @IsOptional()
  @IsUUID('all')
  readonly project_id?: string;

  @ApiInput('Owner at the time of the cost; a tenant may name itself only', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('`true`: only costs of what belonged to no tenant')
  @IsOptional()
  @IsOneOf(['true'])
  readonly unattributed?: string;

  @ApiInput("The provider's id", { example: '572017514' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(300)
  readonly provider_id?: string;

  @ApiInput("The provider's uniform resource name, or an alias of it", { example: 'do:droplet:572017514' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(300)
  readonly urn?: string;

  @ApiInput('The rule that decides the present owner')
  @IsOptional()
  @IsOneOf(ATTRIBUTION_REASONS)
  readonly attributed_by?: string;

  @ApiInput('Only resources that changed at or after this time')
  @IsOptional()
  @IsTimestamp()
  readonly updated_since?: string;

  @ApiInput('A tag of the provider, in its letter case', { example: 'env:prod' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(255)
  readonly tag?: string;

  @ApiInput("Part of the name, the provider's id, an address or a tag; letter case does not matter", { example: 'web-01' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(200)
  readonly q?: string;

  toQuestion(by: Principal): CostQuestion {
    const { period, from, to, basis, group_by } = this;
    const groupBy = [...new Set((group_by ?? 'tenant').split(','))] as CostGroupKey[];
    return { period, from, to, basis, groupBy, filters: resourceFilters(by, this) };
  }
}

/** Costs of one group. It has the fields that were asked for in `group_by`. */
export class CostsGroupResponse implements Omit<CostGroupView, CostGroupKey> {
  @ApiText('Owner at the time; null for what belonged to no tenant', { nullable: true, optional: true, example: 'acme' })
  readonly tenant?: string | null;

  @ApiText('Kind of the resources; nodes of a cluster count as the cluster', { nullable: true, optional: true, example: 'droplet' })
  readonly kind?: string | null;

  @ApiText('Name of the project', { nullable: true, optional: true, example: 'Acme Web' })
  readonly project?: string | null;

  @ApiText('Product, as invoices name it', { nullable: true, optional: true, example: 'Droplets' })
  readonly product?: string | null;

  @ApiText('Id of the resource; null for lines without one', { nullable: true, optional: true })
  readonly resource?: string | null;

  @ApiText('Present name of that resource', { nullable: true, optional: true, example: 'acme-web-01' })
  readonly resource_name?: string | null;

  @ApiText('Kind of that resource', { nullable: true, optional: true, example: 'droplet' })
  readonly resource_kind?: string | null;

  @ApiText('Region of the provider', { nullable: true, optional: true, example: 'fra1' })
  readonly region?: string | null;

  @ApiFlag('Whether the amount is tax; without this group, tax is left out', { optional: true })
  readonly tax?: boolean;

  @ApiText('The month', { nullable: true, optional: true, example: '2026-10' })
  readonly month?: string | null;

  @ApiText('The day, in UTC', { nullable: true, optional: true, example: '2026-10-07' })
  readonly day?: string | null;

  @ApiText('Exact amount, decimal text', { example: '143.77' })
  readonly amount: string;
}

class UnpricedCountResponse {
  @ApiText('Kind of the resources', { example: 'managed_db' })
  readonly kind: string;

  @ApiEnum(UNPRICED_REASONS, 'Why they have no price')
  readonly reason: string;

  @ApiCount('How many of them no amount contains')
  readonly count: number;
}

/** What things cost in a time. */
export class CostsResponse implements Omit<CostView, 'groups'> {
  @ApiEnum(COST_BASES, 'What the amounts are')
  readonly basis: CostBasis;

  @ApiEnum(['USD'], 'Currency of all amounts')
  readonly currency: 'USD';

  @ApiText('The month that was asked for; null for another time', { nullable: true, example: '2026-10' })
  readonly period: string | null;

  @ApiTime('Begin of the time')
  readonly from: string;

  @ApiTime('End of the time, exclusive; at most now')
  readonly to: string;

  @ApiText('The exact sum of the groups, without tax unless `group_by` has it', { example: '212.00' })
  readonly amount: string;

  @ApiListOf(() => CostsGroupResponse, 'The largest amount first')
  readonly groups: readonly CostsGroupResponse[];

  @ApiListOf(() => UnpricedCountResponse, 'Resources that no amount contains, because they have no price')
  readonly unpriced: readonly UnpricedCountResponse[];

  @ApiFlag('True for accrued amounts: only invoices are final')
  readonly estimate: boolean;

  @ApiTime('Start of the oldest last complete sweep, or the last listing of invoices; null before the first', { nullable: true })
  readonly as_of: string | null;

  @ApiTime('What ended before this time of the first month is not recorded; null when all is', { nullable: true })
  readonly incomplete_before: string | null;
}
