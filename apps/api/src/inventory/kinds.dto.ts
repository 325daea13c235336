import type { KindView } from '#libs/inventory';
import { ApiCount, ApiEnum, ApiFlag, ApiText, ApiTime, ApiWhole } from '../http/swagger.decorators';

/** A resource kind, with what is known of its resources in the caller's scope. */
export class KindResponse implements KindView {
  @ApiText('Resource kind', { example: 'managed_db' })
  readonly kind: string;

  @ApiText('Its name for people, in the singular', { example: 'Database' })
  readonly label: string;

  @ApiFlag('False for a kind that is known only from the member lists of projects')
  readonly has_list: boolean;

  @ApiWhole(
    'Intended seconds between two lists: a day for a list that the account does not use, longer than usual for one of very many calls',
    { example: 900 },
  )
  readonly cadence_s: number;

  @ApiTime('Start of the last complete list; null when there was none', { nullable: true })
  readonly last_complete_at: string | null;

  @ApiCount('Living resources of the kind')
  readonly count: number;

  @ApiText('What they cost a month together, decimal text; null when none has a price', { nullable: true, example: '90.00' })
  readonly monthly: string | null;

  @ApiEnum(['available', 'not_available', 'refused'], 'Whether the provider lets us read the list')
  readonly status: KindView['status'];

  @ApiText('Why the latest list was not complete, or not the whole truth', { nullable: true })
  readonly reason: string | null;
}
