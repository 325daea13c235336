import { IsIn, IsOptional, IsUUID, MaxLength, MinLength } from 'class-validator';
import { PageQuery } from '../requests/page.query';
import { IsTenantId, IsTimestamp, IsWord } from '../requests/validators';

/** Filters of the inventory; all given ones must fit. */
export class InventoryQuery extends PageQuery {
  @IsOptional()
  @IsWord()
  readonly kind?: string;

  /** Tombstones are listed with `deleted` only. */
  @IsOptional()
  @IsWord()
  readonly status?: string;

  @IsOptional()
  @IsWord()
  readonly region?: string;

  @IsOptional()
  @IsUUID('all')
  readonly project_id?: string;

  /** A tenant may name itself only. */
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  /** `true`: only what belongs to no tenant. */
  @IsOptional()
  @IsIn(['true'])
  readonly unattributed?: string;

  /** Part of the name, the provider's id or an address; letter case does not matter. */
  @IsOptional()
  @MinLength(1)
  @MaxLength(200)
  readonly q?: string;

  /** What the account looked like then, from the event log. */
  @IsOptional()
  @IsTimestamp()
  readonly as_of?: string;

  /** Only what changed at or after this time. */
  @IsOptional()
  @IsTimestamp()
  readonly updated_since?: string;
}
