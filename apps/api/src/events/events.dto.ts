import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsUUID, Max, MaxLength, Min, MinLength } from 'class-validator';
import type { EventFilters, EventView } from '#libs/events';
import type { Principal } from '#libs/identity';
import { OtherTenantError } from '../auth/auth.errors';
import { AreKnown, IsOneOf, IsTenantId, wordsIn } from '../http/input.decorators';
import { TimeRangeQuery } from '../http/http.dto';
import { ApiAnyObject, ApiCount, ApiInput, ApiObject, ApiText, ApiTime, ApiUuid } from '../http/swagger.decorators';

// The filters that the list and the stream have in common.
const AfterFilter = () =>
  applyDecorators(
    ApiInput('Only events with a higher `sequence`: the last one that the caller has read; 0 for all', { example: 1204 }),
    IsOptional(),
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^(0|[1-9]\d{0,15})$/.test(value) ? Number(value) : value)),
    IsInt(),
    Min(0),
    Max(Number.MAX_SAFE_INTEGER),
  );
const TypeFilter = () =>
  applyDecorators(
    ApiInput('Type of the event; several are separated by commas', { example: 'saga.failed,saga.compensation_failed' }),
    IsOptional(),
    AreKnown('event_type'),
  );
const KindFilter = () =>
  applyDecorators(
    ApiInput('Kind of the subject: of a resource, of a saga or of a sweep; several are separated by commas', { example: 'droplet' }),
    IsOptional(),
    AreKnown('event_kind'),
  );
const TenantFilter = () =>
  applyDecorators(
    ApiInput('Owner of the subject at the time of the event; a tenant may name itself only', { example: 'acme' }),
    IsOptional(),
    IsTenantId(),
  );
const ResourceFilter = () => applyDecorators(ApiInput('Id of the resource that the events are about'), IsOptional(), IsUUID('all'));
const ActorFilter = () =>
  applyDecorators(
    ApiInput('Who made the change: the `sub` of the token; for a tenant `operator` is any platform admin', { example: 'ops' }),
    IsOptional(),
    MinLength(1),
    MaxLength(255),
  );

/** Naming another tenant is refused rather than answered with an empty list; the scope alone decides which events are read. */
function filtersOf({ after, type, kind, tenant_id, resource_id, actor }: StreamQuery, by: Principal): EventFilters {
  if (by.role === 'tenant' && tenant_id !== undefined && tenant_id !== by.tenantId) throw new OtherTenantError();
  const words = { types: type === undefined ? undefined : wordsIn(type), kinds: kind === undefined ? undefined : wordsIn(kind) };
  return { after, ...words, tenant_id, resource_id, actor };
}

/** Filters of the stream. */
export class StreamQuery {
  @AfterFilter() readonly after?: number;
  @TypeFilter() readonly type?: string;
  @KindFilter() readonly kind?: string;
  @TenantFilter() readonly tenant_id?: string;
  @ResourceFilter() readonly resource_id?: string;
  @ActorFilter() readonly actor?: string;

  filtersFor(by: Principal): EventFilters {
    return filtersOf(this, by);
  }
}

/** Filters of the list. `since` and `until` select by the time of the event. */
export class EventsQuery extends TimeRangeQuery {
  @AfterFilter() readonly after?: number;
  @TypeFilter() readonly type?: string;
  @KindFilter() readonly kind?: string;
  @TenantFilter() readonly tenant_id?: string;
  @ResourceFilter() readonly resource_id?: string;
  @ActorFilter() readonly actor?: string;

  @ApiInput('Order; `-sequence` is the newest first', { default: 'sequence' })
  @IsOptional()
  @IsOneOf(['sequence', '-sequence'])
  readonly sort?: string;

  filtersFor(by: Principal): EventFilters {
    return { ...filtersOf(this, by), since: this.since, until: this.until, newestFirst: this.sort === '-sequence' };
  }
}

class EventSubjectResponse {
  @ApiText('Type of the subject', { example: 'resource' })
  readonly type: string;

  @ApiText('Id of the subject')
  readonly id: string;

  @ApiText('Name of the subject, or of the resource that it is about; null where the caller may see none', { nullable: true })
  readonly name: string | null;

  @ApiText('Kind of the resource, saga or sweep', { example: 'droplet', nullable: true })
  readonly kind: string | null;
}

/** One event of the feed. */
export class EventResponse implements EventView {
  @ApiCount('Place of the event in the feed; it rises with each commit')
  readonly sequence: number;

  @ApiUuid('Id of the event')
  readonly id: string;

  @ApiText('What happened', { example: 'resource.changed' })
  readonly type: string;

  @ApiTime('Time of the event')
  readonly at: string;

  @ApiText('Owner of the subject at that time; null where it belonged to no tenant, or the event is for platform admins', {
    nullable: true,
  })
  readonly tenant_id: string | null;

  @ApiText('Who made the change; a tenant reads `operator` for a platform admin; null when the service made it by itself', {
    nullable: true,
  })
  readonly actor: string | null;

  @ApiText('The part of the service that found or made the change', { example: 'sweep' })
  readonly source: string;

  @ApiObject(() => EventSubjectResponse, 'What the event is about')
  readonly subject: EventSubjectResponse;

  @ApiAnyObject('Values of the change, by type of the event')
  readonly data: EventView['data'];
}
