import { ReasonBody } from '../requests/reason.body';
import { IsGiven } from '../requests/validators';

/** What was shown, so that nobody accepts what he has not seen. */
export class AcceptDriftBody extends ReasonBody {
  /** The `actual` of the drift as it was shown; any JSON value, null too. */
  @IsGiven()
  readonly expected: unknown;
}
