import { IsOptional, IsString, MaxLength } from 'class-validator';
import { IsNotBlank } from './validators';

const MAX_REASON = 500;

/** Body of a change that a person makes. */
export class ReasonBody {
  /** Recorded in the audit log, in the transaction of the change. */
  @IsOptional()
  @IsString()
  @MaxLength(MAX_REASON)
  readonly reason?: string;
}

/** Body of a change that must be explained. */
export class RequiredReasonBody {
  @MaxLength(MAX_REASON)
  @IsNotBlank()
  readonly reason: string;
}
