import { IsOptional, IsString, MaxLength } from 'class-validator';
import type { ProjectChange } from '#libs/inventory';
import { ReasonBody } from '../requests/reason.body';
import { ValidationFailedError } from '#libs/kernel';
import { IsTenantId } from '../requests/validators';

/** What a person says about a project of the provider; null takes it back. */
export class ProjectBody extends ReasonBody {
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string | null;

  @IsOptional()
  @IsString()
  @MaxLength(100)
  readonly classification?: string | null;

  /** What is to change. Throws when that is nothing: a request that only says why is a mistake. */
  change(): ProjectChange {
    const { tenant_id, classification } = this;
    if (tenant_id === undefined && classification === undefined) {
      throw new ValidationFailedError([{ field: '', message: 'tenant_id or classification must be given' }]);
    }
    return { tenant_id, classification };
  }
}
