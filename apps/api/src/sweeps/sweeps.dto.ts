import { IsOptional } from 'class-validator';
import type { MissingView, SweepFilters, SweepStatus, SweepTrigger, SweepView, UnreadableView } from '#libs/inventory';
import { ApiCount, ApiEnum, ApiInput, ApiListOf, ApiText, ApiTime, ApiUuid } from '../http/swagger.decorators';
import { IsOneOf, IsSomeOf, IsTenantId, IsWord, wordsIn } from '../http/input.decorators';
import { PageQuery, ReasonBody, TimeRangeQuery } from '../http/http.dto';

const STATUSES: readonly SweepStatus[] = ['running', 'complete', 'incomplete', 'suspect', 'released', 'refused', 'not_available'];
const TRIGGERS: readonly SweepTrigger[] = ['schedule', 'first', 'manual', 'action_feed'];

/** Filters of the list of sweeps. `since` and `until` select by the start. */
export class SweepsQuery extends TimeRangeQuery {
  @ApiInput('A resource kind with a list, `project`, or `action` for the action feed', { example: 'droplet' })
  @IsOptional()
  @IsWord()
  readonly kind?: string;

  @ApiInput('State of the sweep; several are separated by commas', { example: 'suspect' })
  @IsOptional()
  @IsSomeOf(STATUSES)
  readonly status?: string;

  @ApiInput('Why the sweep was started')
  @IsOptional()
  @IsOneOf(TRIGGERS)
  readonly trigger?: string;

  toFilters(): SweepFilters {
    const { status, trigger, since, until } = this;
    return { statuses: status === undefined ? undefined : wordsIn(status), trigger, since, until };
  }
}

/** Filter of the resources that a suspect sweep did not list. */
export class MissingQuery extends PageQuery {
  @ApiInput('Owner of the resources', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;
}

/** A resource that a suspect sweep did not list. A release of the sweep gives each of them a strike. */
export class MissedResponse implements MissingView {
  @ApiEnum(['resource', 'project', 'membership'], 'What was not listed; `membership`: the resource as a member of its project')
  readonly what: MissingView['what'];

  @ApiUuid('Id of the resource, or of the project; null when the resource of a membership is not known', { nullable: true })
  readonly id: string | null;

  @ApiText('Resource kind, or project', { example: 'droplet' })
  readonly kind: string;

  @ApiText("The provider's id", { example: '572017514' })
  readonly provider_id: string;

  @ApiText('Name', { nullable: true, example: 'acme-web-01' })
  readonly name: string | null;

  @ApiText('Owner; null when it belongs to no tenant', { nullable: true, example: 'acme' })
  readonly tenant_id: string | null;

  @ApiText('Name of the project of a membership', { nullable: true })
  readonly project_name: string | null;

  @ApiText('Present state, `deleted` for tombstones', { nullable: true, example: 'active' })
  readonly status: string | null;

  @ApiCount('Strikes so far: complete sweeps in a row that did not list it. Three of them and a 404 of the provider delete it', {
    nullable: true,
  })
  readonly stale_strike_count: number | null;

  @ApiTime('Time when it was last listed', { nullable: true })
  readonly last_seen_at: string | null;
}

/** The kind to sweep. */
export class SweepBody extends ReasonBody {
  @ApiInput('A resource kind with a list, or `project`', { example: 'droplet' })
  @IsWord()
  readonly kind: string;
}

/** A listed object that could not be read. Its row keeps its values and gets no strike. */
class UnreadableItemResponse implements UnreadableView {
  @ApiText('Path of the list', { example: '/v2/load_balancers' })
  readonly list: string;

  @ApiText("The provider's id of the object; null when it is unreadable too, and the sweep is then incomplete", { nullable: true })
  readonly object_id: string | null;

  @ApiText('The same as `object_id`', { nullable: true })
  readonly provider_id: string | null;

  @ApiText('The first field that could not be read; null when the object as a whole is unusable', { nullable: true, example: 'status' })
  readonly field: string | null;

  @ApiText('What was expected, in words', { example: 'status is not text' })
  readonly reason: string;
}

/** One pass over a list of the provider. */
export class SweepResponse implements SweepView {
  @ApiUuid('Id of the sweep')
  readonly id: string;

  @ApiText('The kind that was swept', { example: 'droplet' })
  readonly kind: string;

  @ApiEnum(TRIGGERS, 'Why the sweep was started')
  readonly trigger: SweepTrigger;

  @ApiEnum(STATUSES, 'State of the sweep; `released`: an admin believes the suspect list')
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

  @ApiCount('Resources that a suspect sweep did not list, until a newer sweep replaces it; null for others', { nullable: true })
  readonly missing: number | null;

  @ApiListOf(() => UnreadableItemResponse, 'The first 20 of the objects that could not be read')
  readonly unreadable_items: readonly UnreadableView[];

  @ApiCount('Objects that could not be read')
  readonly unreadable_count: number;

  @ApiTime('Start of the sweep')
  readonly started_at: string;

  @ApiTime('End of the sweep; null while it runs', { nullable: true })
  readonly finished_at: string | null;
}
