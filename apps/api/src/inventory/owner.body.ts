import { ReasonBody } from '../requests/reason.body';
import { IsTenantId, OrNull } from '../requests/validators';

/** The explicit owner of a resource, which beats every rule; null gives it back to the rules. */
export class OwnerBody extends ReasonBody {
  @OrNull()
  @IsTenantId()
  readonly tenant_id: string | null;
}
