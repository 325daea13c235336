import { UNPRICED_REASONS, type ListPrice, type UnpricedReason } from '#libs/catalog';
import { ATTRIBUTION_REASONS, type EventCause, type EventView, type MissingProof, type ResourceView } from '#libs/inventory';
import {
  ApiAnyObject,
  ApiCount,
  ApiEnum,
  ApiFlag,
  ApiListOf,
  ApiObject,
  ApiText,
  ApiTime,
  ApiUuid,
  ApiWhole,
} from '../http/swagger.decorators';
import { ListFields } from '../http/http.dto';

class AttributionResponse {
  @ApiEnum(ATTRIBUTION_REASONS, 'The rule that decided the owner')
  readonly by: ResourceView['attribution']['by'];

  @ApiText('Id of the project, parent, rule or user that decided the owner', { nullable: true })
  readonly ref: string | null;

  @ApiText('Name of that project, parent or user, or to admins the reason of the rule; in lists only with `names=true`', {
    nullable: true,
    optional: true,
  })
  readonly ref_name?: string | null;
}

/** The proof so far that a resource is deleted. */
class MissingResponse implements MissingProof {
  @ApiWhole('Complete sweeps in a row that did not list the resource', { example: 1 })
  readonly strikes: number;

  @ApiWhole('Strikes after which it is deleted, once the provider returns 404 for it', { example: 3 })
  readonly of: number;

  @ApiTime('Time as of which it was listed last')
  readonly since: string;
}

class BackupsPriceResponse {
  @ApiEnum(['weekly', 'daily'], 'How often the droplet is backed up')
  readonly plan: 'weekly' | 'daily';

  @ApiText('What the backups cost an hour', { example: '0.001786' })
  readonly hourly: string;

  @ApiText('What the backups cost a month', { example: '1.20' })
  readonly monthly: string;
}

/** What a resource costs, or why it has no price. For tenants the list price or that of their rate card; for admins also what invoices taught. */
export class PriceResponse implements Partial<ListPrice> {
  @ApiText('Price of an hour, decimal text', { optional: true, example: '0.00893' })
  readonly hourly?: string;

  @ApiText('Price of a month, decimal text, without backups', { optional: true, example: '6.00' })
  readonly monthly?: string;

  @ApiText('Currency of the amounts', { optional: true, example: 'USD' })
  readonly currency?: string;

  @ApiEnum(['catalog', 'observed', 'configured', 'rate_card'], 'Where the price comes from; tenants never get `observed`', {
    optional: true,
  })
  readonly source?: ListPrice['source'];

  @ApiTime('When the price was read, learned or set', { optional: true })
  readonly as_of?: string;

  @ApiText('Why the price is what it is, for people', { optional: true, nullable: true, example: 'free of charge' })
  readonly note?: string | null;

  @ApiObject(() => BackupsPriceResponse, 'What the backups of a droplet cost beside it', { optional: true, nullable: true })
  readonly backups?: BackupsPriceResponse | null;

  @ApiEnum(UNPRICED_REASONS, 'Instead of all other fields: why the resource has no price', { optional: true })
  readonly unpriced?: UnpricedReason;
}

/** A resource of the account, or its tombstone. */
export class ResourceResponse implements Omit<ResourceView, 'price'> {
  @ApiUuid('Id of the resource')
  readonly id: string;

  @ApiEnum(['digitalocean'], 'The provider')
  readonly provider: string;

  @ApiText('droplet, dns_zone, volume, snapshot, … or the raw URN type of a kind that is only discovered', { example: 'droplet' })
  readonly kind: string;

  @ApiText("The provider's id", { example: '572017514' })
  readonly provider_id: string;

  @ApiText("The provider's uniform resource name", { example: 'do:droplet:572017514' })
  readonly urn: string;

  @ApiText('Name of the resource', { nullable: true, example: 'acme-web-01' })
  readonly name: string | null;

  @ApiText('Region of the provider', { nullable: true, example: 'fra1' })
  readonly region: string | null;

  @ApiText('`deleted` for tombstones, else the state at the provider', { example: 'active' })
  readonly status: string;

  @ApiText('Size of the provider', { nullable: true, example: 's-1vcpu-1gb' })
  readonly size_slug: string | null;

  @ApiText('Owner; null when the resource belongs to no tenant', { nullable: true, example: 'acme' })
  readonly tenant_id: string | null;

  @ApiUuid('Id of the project', { nullable: true })
  readonly project_id: string | null;

  @ApiText('Name of the project; null for a project that the caller may not read; in lists only with `names=true`', {
    nullable: true,
    optional: true,
  })
  readonly project_name?: string | null;

  @ApiObject(() => AttributionResponse, 'How the owner was decided')
  readonly attribution: AttributionResponse;

  @ApiAnyObject('Attributes of the kind')
  readonly attrs: Record<string, unknown>;

  @ApiTime('Time when the resource was first listed')
  readonly first_seen_at: string;

  @ApiTime('Time when the resource was last listed')
  readonly last_seen_at: string;

  @ApiCount('Strikes: complete sweeps in a row that did not list the resource. Three of them, and a 404 of the provider, make a tombstone')
  readonly stale_strike_count: number;

  @ApiTime('Time when the resource was found deleted', { nullable: true })
  readonly deleted_at: string | null;

  @ApiObject(
    () => MissingResponse,
    'Set while complete sweeps no longer list the resource and its deletion is not proven: it is probably deleted',
    { nullable: true },
  )
  readonly missing: MissingResponse | null;

  @ApiFlag('Whether the resource is protected: nothing destroys or overwrites it until its protection is lifted')
  readonly protected: boolean;

  @ApiEnum(['admin', 'tenant'], "Who protects it; an admin's protection is lifted by admins only", { nullable: true })
  readonly protected_by: ResourceView['protected_by'];
  @ApiObject(() => PriceResponse, 'What the resource costs; null for a tombstone', { nullable: true, optional: true })
  readonly price?: PriceResponse | null;
}

class DesiredStateResponse {
  @ApiAnyObject('The desired values by field, without the tags that only this service sets')
  readonly spec: Readonly<Record<string, unknown>>;

  @ApiWhole('Version of the desired state; it rises with every change', { example: 1 })
  readonly spec_version: number;

  @ApiTime('Time of the last change')
  readonly changed_at: string;
}

/** A resource with the state that it should have. */
export class ResourceDetailResponse extends ResourceResponse {
  @ApiObject(() => DesiredStateResponse, 'What was ordered, adopted or accepted; null for a resource that is not managed', {
    nullable: true,
  })
  readonly desired_state: DesiredStateResponse | null;
}

class ResourceTotals {
  @ApiCount('Number of all rows that match the filters')
  readonly count: number;

  @ApiText('Price of a month of all living rows with a price, with their backups', { example: '212.00' })
  readonly monthly: string;

  @ApiCount('Number of living rows without a price; `monthly` lacks them')
  readonly unpriced: number;
}

/** One page of resources. */
export class ResourceListResponse extends ListFields {
  @ApiListOf(() => ResourceResponse, 'The rows of this page')
  readonly data: readonly ResourceResponse[];

  @ApiObject(() => ResourceTotals, 'Only with `totals=true`', { optional: true })
  readonly totals?: ResourceTotals;
}

class EventCauseResponse implements EventCause {
  @ApiText("The provider's id of the action; null while only the saga is known", { nullable: true })
  readonly action_id: string | null;

  @ApiText('The action; null while only the saga is known', { example: 'resize', nullable: true })
  readonly action: string | null;

  @ApiTime('Start of the action', { nullable: true })
  readonly at: string | null;

  @ApiFlag('Whether a saga requested the action')
  readonly ours: boolean;

  @ApiUuid('The saga that requested the action', { nullable: true })
  readonly saga_id: string | null;
}

/** One change of a resource. */
export class ResourceEventResponse implements EventView {
  @ApiUuid('Id of the event')
  readonly id: string;

  @ApiUuid('Id of the resource')
  readonly resource_id: string;

  @ApiEnum(
    ['discovered', 'updated', 'deleted', 'restored', 'tagged', 'attributed', 'provider_action', 'drift_detected'],
    'Type of the change',
  )
  readonly type: string;

  @ApiTime('Time when the change was found')
  readonly at: string;

  @ApiEnum(['sweep', 'saga', 'admin', 'action_feed', 'drift'], 'What found or made the change')
  readonly source: string;

  @ApiAnyObject('By field: `{old, new}`. A provider_action has the fields of the action, each with `old` null')
  readonly changes: EventView['changes'];

  @ApiText('Who made the change, for those of people; a tenant reads `operator`', { nullable: true })
  readonly actor: string | null;

  @ApiText('Reason that was given, for platform admins only', { nullable: true })
  readonly reason: string | null;

  @ApiObject(() => EventCauseResponse, 'The action at the provider that made the change, where its feed lists one', { nullable: true })
  readonly cause: EventCauseResponse | null;
}

class KindCount {
  @ApiText('Resource kind')
  readonly kind: string;

  @ApiCount('Resources of the kind')
  readonly count: number;
}

class TenantCount {
  @ApiText('Owner; null for resources that belong to no tenant', { nullable: true })
  readonly tenant_id: string | null;

  @ApiCount('Resources of the tenant')
  readonly count: number;
}

class RegionCount {
  @ApiText('Region; null for resources without one', { nullable: true })
  readonly region: string | null;

  @ApiCount('Resources in the region')
  readonly count: number;
}

/** Numbers of resources. Tombstones do not count. */
export class InventorySummaryResponse {
  @ApiCount('All resources')
  readonly total: number;

  @ApiCount('Resources that belong to no tenant')
  readonly unattributed: number;

  @ApiListOf(() => KindCount, 'Resources by kind')
  readonly by_kind: readonly KindCount[];

  @ApiListOf(() => TenantCount, 'Resources by owner')
  readonly by_tenant: readonly TenantCount[];

  @ApiListOf(() => RegionCount, 'Resources by region')
  readonly by_region: readonly RegionCount[];
}

/** The desired state of an adopted resource. */
export class AdoptedResponse {
  @ApiUuid('Id of the resource')
  readonly resource_id: string;

  @ApiAnyObject('The desired state: the live values at the time of the adoption')
  readonly spec: Readonly<Record<string, unknown>>;

  @ApiWhole('Version of the desired state', { example: 1 })
  readonly spec_version: number;
}
