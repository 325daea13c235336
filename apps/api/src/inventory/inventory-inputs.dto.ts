import { IsBoolean, IsIn, IsOptional, IsUUID, MaxLength, MinLength } from 'class-validator';
import type { Principal } from '#libs/identity';
import {
  ATTRIBUTION_REASONS,
  RESOURCE_SORTS,
  UNASSIGNED,
  type ListOptions,
  type ResourceFilters,
  type ResourceSort,
} from '#libs/inventory';
import { ValidationFailedError } from '#libs/kernel';
import { AdminsOnlyError } from '#libs/provisioning';
import { OtherTenantError } from '../auth/auth.errors';
import { ApiInput } from '../http/swagger.decorators';
import { AreKnown, IsKnown, IsOneOf, IsTenantId, IsTimestamp, OrNull, wordsIn } from '../http/input.decorators';
import { OwnershipBody, PageQuery } from '../http/http.dto';

/** Filters of the inventory. A resource must match all that are given. */
export class InventoryQuery extends PageQuery {
  @ApiInput('Resource kind; several are separated by commas', { example: 'droplet' })
  @IsOptional()
  @AreKnown('resource_kind')
  readonly kind?: string;

  @ApiInput('State at the provider, or `deleted` for tombstones; several are separated by commas', { example: 'active' })
  @IsOptional()
  @AreKnown('resource_status')
  readonly status?: string;

  @ApiInput('`true`: tombstones together with living resources')
  @IsOptional()
  @IsOneOf(['true'])
  readonly include_deleted?: string;

  @ApiInput('Region of the provider', { example: 'fra1' })
  @IsOptional()
  @IsKnown('region')
  readonly region?: string;

  @ApiInput('Size of the provider', { example: 's-1vcpu-1gb' })
  @IsOptional()
  @IsKnown('size')
  readonly size_slug?: string;

  @ApiInput('The rule that decided the owner')
  @IsOptional()
  @IsOneOf(ATTRIBUTION_REASONS)
  readonly attributed_by?: string;

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

  @ApiInput('A tag of the provider, in its letter case', { example: 'env:prod' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(255)
  readonly tag?: string;

  @ApiInput('Id of a project of this service')
  @IsOptional()
  @IsUUID('all')
  readonly project_id?: string;

  @ApiInput('Owner; a tenant may name itself only', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('`true`: only resources that belong to no tenant')
  @IsOptional()
  @IsOneOf(['true'])
  readonly unattributed?: string;

  @ApiInput('Id of a resource of this service: only its children, such as the records of a DNS zone or the pools of a cluster')
  @IsOptional()
  @IsUUID('all')
  readonly parent_id?: string;

  @ApiInput('Id of a resource of this service: only its parents and children, such as volumes, snapshots and firewalls of a droplet')
  @IsOptional()
  @IsUUID('all')
  readonly related_to?: string;

  @ApiInput('`true`: only resources that are protected; `false`: only others')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly protected?: string;

  @ApiInput("Part of the name, the provider's id, an address or a tag; letter case does not matter", { example: 'web-01' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(200)
  readonly q?: string;

  @ApiInput('Return the account as it was at this time, from the event log; not in the future')
  @IsOptional()
  @IsTimestamp()
  readonly as_of?: string;

  @ApiInput('Only resources that changed at or after this time')
  @IsOptional()
  @IsTimestamp()
  readonly updated_since?: string;

  @ApiInput('Order of the rows; a minus reverses it. By id unless given. Rows without a price are last')
  @IsOptional()
  @IsOneOf(RESOURCE_SORTS)
  readonly sort?: ResourceSort;

  @ApiInput('`true`: add `totals`: number and monthly price of all rows that match')
  @IsOptional()
  @IsOneOf(['true'])
  readonly totals?: string;

  @ApiInput('`true`: add `project_name` and `attribution.ref_name` to each row')
  @IsOptional()
  @IsOneOf(['true'])
  readonly names?: string;
}

/** The order of the list, and what it contains besides its rows. */
export function listOptions({ sort, totals, names }: InventoryQuery): ListOptions {
  return { sort, totals: totals === 'true', names: names === 'true' };
}

/**
 * Filters for the caller. Naming another tenant is refused rather than answered with an empty list; the scope alone decides
 * which rows are read.
 */
export function resourceFilters(by: Principal, query: FilterInputs): ResourceFilters {
  if (by.role === 'tenant' && query.tenant_id !== undefined && query.tenant_id !== by.tenantId) throw new OtherTenantError();
  return filtersOf(query);
}

/** The filters of a query, for any caller. */
export function filtersOf(query: FilterInputs): ResourceFilters {
  const { region, size_slug, attributed_by, project_id, tenant_id, provider_id, urn, tag, parent_id, related_to, q, updated_since } = query;
  const flags = {
    unattributed: isSet(query.unattributed),
    include_deleted: isSet(query.include_deleted),
    protected: flagOf(query.protected),
  };
  const words = { kind: oneOrSeveral(query.kind), status: oneOrSeveral(query.status) };
  return {
    ...words,
    region,
    size_slug,
    attributed_by,
    project_id,
    tenant_id,
    provider_id,
    urn,
    tag,
    parent_id,
    related_to,
    q,
    updated_since,
    ...flags,
  };
}

/** The filters alone, which other questions about resources have too. */
type FilterInputs = Partial<Omit<InventoryQuery, 'limit' | 'cursor'>>;

const flagOf = (text: string | undefined): boolean | undefined => (text === undefined ? undefined : text === 'true');
const isSet = (flag: string | undefined): true | undefined => (flag === undefined ? undefined : true);

/** One word has a statement of its own, which uses the indexes in the order of ids. */
function oneOrSeveral(list: string | undefined): string | readonly string[] | undefined {
  return list?.includes(',') ? wordsIn(list) : list;
}

/** Changes of a resource. Each field has its own rule for who may send it. */
export class ResourceBody extends OwnershipBody {
  @ApiInput('The owner, a registered tenant, which overrides every attribution rule; null returns the resource to the rules', {
    example: 'harbour',
  })
  @IsOptional()
  @OrNull()
  @IsTenantId()
  readonly tenant_id?: string | null;

  @ApiInput('`true`: the resource belongs to no tenant, whatever the rules say; not together with `tenant_id`')
  @IsOptional()
  @IsIn([true])
  readonly unassigned?: true;

  @ApiInput('`true`: nothing destroys or overwrites the resource until `false` is sent; admins, and tenants on their own')
  @IsOptional()
  @IsBoolean()
  readonly protected?: boolean;

  /** Undefined when the body changes no owner. Throws for a tenant, and when both ways to give an owner are used. */
  toOwner(by: Principal): string | null | typeof UNASSIGNED | undefined {
    const { tenant_id, unassigned } = this;
    if (by.role === 'tenant' && tenant_id !== undefined) throw new AdminsOnlyError('tenant_id');
    if (by.role === 'tenant' && unassigned !== undefined) throw new AdminsOnlyError('unassigned');
    if (tenant_id !== undefined && unassigned) throw new ValidationFailedError([{ field: 'unassigned', message: EITHER }]);
    if (tenant_id === undefined && !unassigned && this.protected === undefined)
      throw new ValidationFailedError([{ field: 'tenant_id', message: 'is missing: give tenant_id, unassigned or protected' }]);
    return unassigned ? UNASSIGNED : tenant_id;
  }
}

const EITHER = 'unassigned and tenant_id cannot be given together: unassigned says that the resource belongs to no tenant';
