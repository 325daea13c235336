import { IsIn, IsOptional, IsUUID } from 'class-validator';
import { DRIFT_STATUSES, SEVERITIES, type DriftFilters, type DriftStatus, type Severity } from '#libs/drift';
import { PageQuery } from '../requests/page.query';
import { IsTenantId, IsWord } from '../requests/validators';

export class RevertQuery {
  /** `true`: say what would be done, and do nothing. */
  @IsOptional()
  @IsIn(['true', 'false'])
  readonly dry_run?: string;
}

/** Which of the unmanaged resources. */
export class UnmanagedQuery extends PageQuery {
  @IsOptional()
  @IsWord()
  readonly kind?: string;

  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;
}

/** Which of the drifts: open ones that no rule overlooks, unless it says otherwise. */
export class DriftQuery extends UnmanagedQuery {
  @IsOptional()
  @IsIn(DRIFT_STATUSES)
  readonly status?: DriftStatus;

  @IsOptional()
  @IsUUID()
  readonly resource_id?: string;

  @IsOptional()
  @IsWord()
  readonly field?: string;

  @IsOptional()
  @IsIn(SEVERITIES)
  readonly severity?: Severity;

  /** `true`: the open ones that a rule overlooks, and only these. */
  @IsOptional()
  @IsIn(['true', 'false'])
  readonly ignored?: string;

  filters(): DriftFilters {
    const { status, kind, tenant_id, resource_id, field, severity, ignored } = this;
    return { status, kind, tenant_id, resource_id, field, severity, ignored: ignored === 'true' };
  }
}
