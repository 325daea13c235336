import { ProviderError } from '../provider.error';

/** Why a list cannot be trusted to be whole. */
export type IncompleteReason =
  /** An object was not what the API promises. It may be one that we know. */
  | 'unreadable_item'
  | 'no_total'
  | 'total_changed'
  /** Fewer or more distinct ids than the total says. */
  | 'count_mismatch'
  /** A further page was promised but held nothing new. */
  | 'repeated_page'
  | 'too_many_pages';

/** Everything that could be read was handed out, but it is not provably everything: nobody may conclude that something is gone (INV-4). */
export class IncompleteListError extends ProviderError {
  readonly code = 'incomplete_list';
  readonly category = 'unavailable';

  /** `cause` of an unreadable item names the field of the first one, never its value. */
  constructor(
    readonly reason: IncompleteReason,
    override readonly cause?: ProviderError,
  ) {
    super(`The list from DigitalOcean is incomplete (${reason})`);
  }
}
