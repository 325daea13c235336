import { IsOptional, IsString, MaxLength } from 'class-validator';
import { ApiInput } from './field.decorators';
import { IsNotBlank } from './input.decorators';

const MAX_REASON = 500;

/** Body of a change by a person, with an optional reason. */
export class ReasonBody {
  @ApiInput('Recorded in the audit log, in the transaction of the change', { example: 'moved by contract 12' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_REASON)
  readonly reason?: string;
}

/** Body of a change that needs a reason. */
export class RequiredReasonBody {
  @ApiInput('Recorded in the audit log, in the transaction of the change', { example: 'checked at the provider' })
  @MaxLength(MAX_REASON)
  @IsNotBlank()
  readonly reason: string;
}
