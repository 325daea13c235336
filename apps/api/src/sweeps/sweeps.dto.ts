import { IsOptional } from 'class-validator';
import type { SweepStatus, SweepTrigger, SweepView, UnreadableItem } from '#libs/inventory';
import { ApiCount, ApiEnum, ApiInput, ApiListOf, ApiText, ApiTime, ApiUuid } from '../http/swagger.decorators';
import { IsWord } from '../http/input.decorators';
import { PageQuery, ReasonBody } from '../http/http.dto';

/** Filters of the list of sweeps. */
export class SweepsQuery extends PageQuery {
  @ApiInput('A resource kind with a list, `project`, or `action` for the action feed', { example: 'droplet' })
  @IsOptional()
  @IsWord()
  readonly kind?: string;
}

/** The kind to sweep. */
export class SweepBody extends ReasonBody {
  @ApiInput('A resource kind with a list, or `project`', { example: 'droplet' })
  @IsWord()
  readonly kind: string;
}

/** A listed object that could not be read. Its row keeps its values and gets no strike. */
class UnreadableItemResponse implements UnreadableItem {
  @ApiText('Path of the list', { example: '/v2/load_balancers' })
  readonly list: string;

  @ApiText("The provider's id of the object; null when it is unreadable too, and the sweep is then incomplete", { nullable: true })
  readonly object_id: string | null;

  @ApiText('The first field that could not be read; null when the object as a whole is unusable', { nullable: true, example: 'status' })
  readonly field: string | null;
}

/** One pass over a list of the provider. */
export class SweepResponse implements SweepView {
  @ApiUuid('Id of the sweep')
  readonly id: string;

  @ApiText('The kind that was swept', { example: 'droplet' })
  readonly kind: string;

  @ApiEnum(['schedule', 'first', 'manual', 'action_feed'], 'Why the sweep was started')
  readonly trigger: SweepTrigger;

  @ApiEnum(['running', 'complete', 'incomplete', 'suspect', 'released', 'refused'], 'State of the sweep')
  readonly status: SweepStatus;

  @ApiText('Why the sweep is not complete, or what is to be known about a complete one, e.g. `unreadable_item`', { nullable: true })
  readonly reason: string | null;

  @ApiCount('Pages read so far')
  readonly pages_done: number;

  @ApiCount('Pages to read; null until the first page is read', { nullable: true })
  readonly pages_expected: number | null;

  @ApiCount('Calls to the provider')
  readonly calls: number;

  @ApiCount('Items in the list of the kind')
  readonly seen: number;

  @ApiCount('Resources that are new')
  readonly discovered: number;

  @ApiCount('Resources that changed')
  readonly updated: number;

  @ApiCount('Tombstones that are listed again')
  readonly restored: number;

  @ApiCount('Missing resources that got a strike')
  readonly struck: number;

  @ApiCount('Missing resources that became tombstones')
  readonly deleted: number;

  @ApiListOf(() => UnreadableItemResponse, 'Objects that could not be read, at most 100; the others count')
  readonly unreadable_items: readonly UnreadableItem[];

  @ApiTime('Start of the sweep')
  readonly started_at: string;

  @ApiTime('End of the sweep; null while it runs', { nullable: true })
  readonly finished_at: string | null;
}
