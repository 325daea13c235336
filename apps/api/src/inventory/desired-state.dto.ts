import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsIn, IsInt, IsObject, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { BULK_ACTIONS, MOST_ROWS, type BulkAction, type BulkChange, type BulkReport } from '#libs/drift';
import { UNKNOWN_FIELD, ValidationFailedError } from '#libs/kernel';
import type { DesiredStateView } from '#libs/provisioning';
import { ReasonBody } from '../http/http.dto';
import { IsTenantId, OrNull } from '../http/input.decorators';
import { ApiAnyObject, ApiCount, ApiInput, ApiListOf, ApiText, ApiTime, ApiUuid, ApiWhole } from '../http/swagger.decorators';
import type { InputValidationPipe } from '../http/validation.pipe';
import { filtersOf, InventoryQuery } from './inventory-inputs.dto';

/** The desired state of a managed resource. */
export class OrderedStateResponse implements DesiredStateView {
  @ApiUuid('Id of the resource')
  readonly resource_id: string;

  @ApiAnyObject('The desired values by field, without the tags that only this service sets')
  readonly spec: Readonly<Record<string, unknown>>;

  @ApiWhole('Version of the desired state; it rises with every change', { example: 1 })
  readonly spec_version: number;

  @ApiTime('Time of the last change')
  readonly changed_at: string;

  @ApiUuid('The saga that made the last change; null after an adoption or a change by an admin', { nullable: true })
  readonly saga_id: string | null;
}

export class DesiredStateBody extends ReasonBody {
  @ApiInput('All desired values by field; of a droplet name, region, size_slug, image, tags, backups and power', {
    example: { name: 'acme-web-01', size_slug: 's-2vcpu-4gb', power: 'on' },
  })
  @IsObject()
  readonly spec: Record<string, unknown>;

  @ApiInput('The version that was read; 0 for a resource without a desired state', { example: 1 })
  @IsInt()
  @Min(0)
  @Max(2_147_483_647)
  readonly expected_version: number;
}

/** A change of many resources. */
export class BulkBody extends ReasonBody {
  @ApiInput('Which resources: filters of the list, such as `kind`, `status`, `tenant_id`, `unattributed`, `q`; not together with `ids`', {
    example: { kind: 'droplet', unattributed: 'true' },
  })
  @IsOptional()
  @IsObject()
  readonly filter?: Record<string, unknown>;

  @ApiInput('Which resources: their ids; not together with `filter`')
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MOST_ROWS)
  @IsUUID('all', { each: true })
  readonly ids?: string[];

  @ApiInput('What to do with them', { example: 'assign' })
  @IsIn(BULK_ACTIONS)
  readonly action: BulkAction;

  @ApiInput('Of `assign`: the owner; null gives the resources back to the rules', { example: 'harbour' })
  @IsOptional()
  @OrNull()
  @IsTenantId()
  readonly tenant_id?: string | null;

  /** Throws unless the body names resources in one way, and an owner exactly for `assign`. */
  async toChange(validation: InputValidationPipe): Promise<BulkChange> {
    const { action, ids, tenant_id: tenantId } = this;
    if ((this.filter === undefined) === (ids === undefined)) throw problem('ids', 'give either ids or filter, not both');
    if (action === 'assign' && tenantId === undefined) throw problem('tenant_id', 'is missing: assign needs an owner, or null');
    if (action !== 'assign' && tenantId !== undefined) throw problem('tenant_id', `does not belong to ${action}`);
    const owner = tenantId === undefined ? {} : { tenantId };
    if (ids) return { action, ids, ...owner };
    return { action, filter: filtersOf(await validFilter(this.filter ?? {}, validation)), ...owner };
  }
}

/** Parameters of the list that select no rows. */
const NO_FILTERS = ['limit', 'cursor', 'as_of', 'sort', 'totals', 'names', 'price'];

async function validFilter(filter: Record<string, unknown>, validation: InputValidationPipe): Promise<InventoryQuery> {
  const wrong = Object.keys(filter).find((field) => NO_FILTERS.includes(field));
  if (wrong !== undefined) throw problem(`filter.${wrong}`, UNKNOWN_FIELD);
  if (Object.keys(filter).length === 0) throw problem('filter', 'must name at least one field: a change of everything is a mistake');
  try {
    return (await validation.transform({ ...filter }, { type: 'query', metatype: InventoryQuery })) as InventoryQuery;
  } catch (error) {
    if (!(error instanceof ValidationFailedError)) throw error;
    throw new ValidationFailedError(error.errors.map(({ field, message }) => ({ field: `filter.${field}`, message })));
  }
}

const problem = (field: string, message: string) => new ValidationFailedError([{ field, message }]);

class SkippedResponse {
  @ApiUuid('Id of the resource')
  readonly id: string;

  @ApiText(
    'Why it stays as it is: resource_not_found, resource_gone, already_managed, already_assigned, already_protected, not_protected, resource_busy',
    { example: 'already_managed' },
  )
  readonly code: string;
}

/** What a bulk change did, or would do. */
export class BulkResponse implements BulkReport {
  @ApiCount('Resources that the request names')
  readonly matched: number;

  @ApiCount('Resources that were changed, or would be')
  readonly changed: number;

  @ApiListOf(() => SkippedResponse, 'Resources that stay as they are')
  readonly skipped: readonly SkippedResponse[];
}
