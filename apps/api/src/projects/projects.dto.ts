import { IsOptional, IsString, MaxLength } from 'class-validator';
import type { ProjectChange, ProjectView } from '#libs/accounts';
import { ValidationFailedError } from '#libs/kernel';
import { ApiEnum, ApiFlag, ApiInput, ApiText, ApiTime, ApiUuid } from '../http/swagger.decorators';
import { IsTenantId } from '../http/input.decorators';
import { ReasonBody } from '../http/http.dto';

/** Changes to a project; a field that is missing keeps its value. */
export class ProjectBody extends ReasonBody {
  @ApiInput('Owner of the project; null removes it', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string | null;

  @ApiInput('Classification of the project, a word of your own; null removes it', { example: 'agency client' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  readonly classification?: string | null;

  /** Throws when the body names no field to change: a request with a reason alone is a mistake. */
  toChange(): ProjectChange {
    const { tenant_id, classification } = this;
    if (tenant_id === undefined && classification === undefined) {
      throw new ValidationFailedError([{ field: '', message: 'tenant_id or classification must be given' }]);
    }
    return { tenant_id, classification };
  }
}

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

  @ApiText('Owner of the project', { nullable: true })
  readonly tenant_id: string | null;

  @ApiEnum(['description', 'admin'], 'Source of the owner', { nullable: true })
  readonly tenant_set_by: 'description' | 'admin' | null;

  @ApiText('Classification given by an admin', { nullable: true })
  readonly classification: string | null;

  @ApiTime('Time when the project was first listed')
  readonly first_seen_at: string;

  @ApiTime('Time when the project was found deleted', { nullable: true })
  readonly deleted_at: string | null;
}
