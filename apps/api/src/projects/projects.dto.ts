import { IsIn, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import type { ProjectChange, ProjectFilters, ProjectView } from '#libs/accounts';
import { ValidationFailedError } from '#libs/kernel';
import { AdminsOnlyError } from '#libs/provisioning';
import { OtherTenantError } from '../auth/auth.errors';
import { ApiCount, ApiEnum, ApiFlag, ApiInput, ApiText, ApiTime, ApiUuid } from '../http/swagger.decorators';
import { IsOneOf, IsTenantId, OrNull } from '../http/input.decorators';
import { OwnershipBody, PageQuery } from '../http/http.dto';

const TRUE_OR_FALSE = ['true', 'false'];
const flagOf = (text: string | undefined): boolean | undefined => (text === undefined ? undefined : text === 'true');

/** Filters of the list of projects. */
export class ProjectsQuery extends PageQuery {
  @ApiInput('Owner', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('`true`: only projects that belong to no tenant')
  @IsOptional()
  @IsOneOf(['true'])
  readonly unassigned?: string;

  @ApiInput('Source of the owner')
  @IsOptional()
  @IsOneOf(['description', 'admin'])
  readonly tenant_set_by?: string;

  @ApiInput('Classification given by an admin', { example: 'agency client' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(100)
  readonly classification?: string;

  @ApiInput('Environment of the project at the provider', { example: 'Production' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(100)
  readonly environment?: string;

  @ApiInput("The provider's id")
  @IsOptional()
  @MinLength(1)
  @MaxLength(100)
  readonly provider_id?: string;

  @ApiInput("Whether this is the provider's default project")
  @IsOptional()
  @IsOneOf(TRUE_OR_FALSE)
  readonly is_default?: string;

  @ApiInput('Whether this project contains what belongs to no tenant')
  @IsOptional()
  @IsOneOf(TRUE_OR_FALSE)
  readonly is_fallback?: string;

  @ApiInput('`true`: only deleted projects; `false`: only living ones; both unless given')
  @IsOptional()
  @IsOneOf(TRUE_OR_FALSE)
  readonly deleted?: string;

  @ApiInput('Part of the name or description; letter case does not matter', { example: 'sites' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(200)
  readonly q?: string;

  /** Throws for another tenant, and for filters by fields that a tenant does not see. */
  assertForTenant(tenantId: string): void {
    const { limit: _limit, cursor: _cursor, q: _q, tenant_id, ...others } = this;
    if (tenant_id !== undefined && tenant_id !== tenantId) throw new OtherTenantError();
    const [field] = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (field !== undefined) throw new AdminsOnlyError(`the filter ${field}`);
  }

  toFilters(): ProjectFilters {
    const { tenant_id, tenant_set_by, classification, environment, provider_id, q } = this;
    const flags = { is_default: flagOf(this.is_default), is_fallback: flagOf(this.is_fallback), deleted: flagOf(this.deleted) };
    return { tenant_id, tenant_set_by, classification, environment, provider_id, q, unassigned: flagOf(this.unassigned), ...flags };
  }
}

/** Changes to a project; a field that is missing keeps its value. */
export class ProjectBody extends OwnershipBody {
  @ApiInput('Owner of the project, a registered tenant; null gives the project back to its description', { example: 'acme' })
  @IsOptional()
  @OrNull()
  @IsTenantId()
  readonly tenant_id?: string | null;

  @ApiInput('`true`: the project belongs to no tenant, whatever its description says; not together with `tenant_id`')
  @IsOptional()
  @IsIn([true])
  readonly unassigned?: true;

  @ApiInput('Classification of the project, a word of your own; null removes it', { example: 'agency client' })
  @IsOptional()
  @OrNull()
  @IsString()
  @MaxLength(100)
  readonly classification?: string | null;

  /** Throws when the body names no field to change: a request with a reason alone is a mistake. */
  toChange(): ProjectChange {
    const { tenant_id, unassigned, classification } = this;
    if (tenant_id !== undefined && unassigned) throw new ValidationFailedError([{ field: 'unassigned', message: EITHER }]);
    if (tenant_id === undefined && !unassigned && classification === undefined) {
      throw new ValidationFailedError([{ field: '', message: 'tenant_id, unassigned or classification must be given' }]);
    }
    return { tenant_id, unassigned, classification };
  }
}

const EITHER = 'unassigned and tenant_id cannot be given together: unassigned says that the project belongs to no tenant';

/** A project of the provider, as the inventory mirrors it. */
export class ProjectResponse implements ProjectView {
  @ApiUuid('Id of the project')
  readonly id: string;

  @ApiEnum(['digitalocean'], 'The provider')
  readonly provider: string;

  @ApiText("The provider's id; null for a project that exists here only", { nullable: true })
  readonly provider_id: string | null;

  @ApiText('Name of the project')
  readonly name: string;

  @ApiText('Description of the project at the provider')
  readonly description: string;

  @ApiText("The provider's purpose; the operator's own is `classification`")
  readonly purpose: string;

  @ApiText('Environment of the project at the provider', { nullable: true })
  readonly environment: string | null;

  @ApiFlag("Whether this is the provider's default project")
  readonly is_default: boolean;

  @ApiFlag('Whether this project contains what belongs to no tenant')
  readonly is_fallback: boolean;

  @ApiText('Owner of the project; null when it belongs to no tenant', { nullable: true })
  readonly tenant_id: string | null;

  @ApiEnum(['description', 'admin'], 'Source of the owner; `admin` without an owner: an admin decided that the project has none', {
    nullable: true,
  })
  readonly tenant_set_by: 'description' | 'admin' | null;

  @ApiText('Classification given by an admin', { nullable: true })
  readonly classification: string | null;

  @ApiTime('Time when the project was first listed')
  readonly first_seen_at: string;

  @ApiTime('Time when the project was last listed')
  readonly last_seen_at: string;

  @ApiCount('Living resources of the project')
  readonly resources: number;

  @ApiTime('Time when the project was found deleted', { nullable: true })
  readonly deleted_at: string | null;
}
