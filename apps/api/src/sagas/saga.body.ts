import { IsIn, IsObject, IsOptional } from 'class-validator';
import { ReasonBody } from '../requests/reason.body';
import { IsWord } from '../requests/validators';

/** What to do. `input` is checked by the rules of its kind. */
export class SagaBody extends ReasonBody {
  @IsWord()
  readonly kind: string;

  @IsObject()
  readonly input: Record<string, unknown>;
}

export class SagaStartQuery {
  /** `true`: say what would be done, and do nothing. */
  @IsOptional()
  @IsIn(['true', 'false'])
  readonly dry_run?: string;
}
