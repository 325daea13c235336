import { ReasonBody } from '../requests/reason.body';
import { IsWord } from '../requests/validators';

/** Which kind to sweep now. */
export class SweepBody extends ReasonBody {
  @IsWord()
  readonly kind: string;
}
