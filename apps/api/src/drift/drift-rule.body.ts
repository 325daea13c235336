import { IsOptional, IsUUID } from 'class-validator';
import { RequiredReasonBody } from '../requests/reason.body';
import { IsTenantId, IsTimestamp, IsWord } from '../requests/validators';

/** What to overlook: every drift to which all that is named here applies. */
export class DriftRuleBody extends RequiredReasonBody {
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @IsOptional()
  @IsWord()
  readonly kind?: string;

  @IsOptional()
  @IsUUID()
  readonly resource_id?: string;

  @IsOptional()
  @IsWord()
  readonly field?: string;

  @IsOptional()
  @IsTimestamp()
  readonly expires_at?: string;
}
