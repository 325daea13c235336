import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { EVENT_TYPES } from '#libs/events';
import type { Principal } from '#libs/identity';
import {
  DELIVERY_STATUSES,
  ENDPOINT_STATUSES,
  type DeliveryFilters,
  type DeliveryStatus,
  type DeliveryView,
  type EndpointStatus,
  type WebhookFields,
  type WebhookFilters,
  type WebhookView,
} from '#libs/notifications';
import { OtherTenantError } from '../auth/auth.errors';
import { PageQuery, ReasonBody, TimeRangeQuery } from '../http/http.dto';
import { IsEachOf, IsNotBlank, IsOneOf, IsSomeOf, IsTenantId, IsTimestamp, OrNull, wordsIn } from '../http/input.decorators';
import { ApiCount, ApiEnum, ApiInput, ApiText, ApiTextList, ApiTime, ApiUuid, ApiWhole } from '../http/swagger.decorators';

const EVERY_TYPE = '*';
const TYPES = [EVERY_TYPE, ...EVENT_TYPES];
/** A test message is no event. */
const DELIVERED_TYPES = [...EVENT_TYPES, 'webhook.test'];
const MOST_TYPES = 100;
const NULLABLE = { nullable: true } as const;

export class WebhooksQuery extends PageQuery {
  @ApiInput('Only endpoints with this status')
  @IsOptional()
  @IsOneOf(ENDPOINT_STATUSES)
  readonly status?: EndpointStatus;

  @ApiInput('Only endpoints of this tenant; a tenant may name itself only', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  /** Naming another tenant is refused rather than answered with an empty list. */
  filtersFor(by: Principal): WebhookFilters {
    const { status, tenant_id } = this;
    if (by.role === 'tenant' && tenant_id !== undefined && tenant_id !== by.tenantId) throw new OtherTenantError();
    return { status, tenant_id };
  }
}

export class WebhookBody extends ReasonBody {
  @ApiInput('Where messages are sent: https, port 443 or 80, a public address', { example: 'https://example.com/hooks/arcadia' })
  @MaxLength(2_000)
  @IsNotBlank()
  readonly url: string;

  @ApiInput('Types of events; `*` is every type', { example: ['saga.failed', 'saga.completed'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_TYPES)
  @IsEachOf(TYPES)
  readonly types: readonly string[];

  @ApiInput('For people', { example: 'deploys of the shop' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  readonly description?: string;

  toFields(): WebhookFields {
    const { url, types, description = null } = this;
    return { url, types: normalTypes(types), description };
  }
}

export class WebhookChangeBody extends ReasonBody {
  @ApiInput('Where messages are sent', { example: 'https://example.com/hooks/arcadia' })
  @IsOptional()
  @MaxLength(2_000)
  @IsNotBlank()
  readonly url?: string;

  @ApiInput('Types of events; `*` is every type', { example: ['saga.failed'] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_TYPES)
  @IsEachOf(TYPES)
  readonly types?: readonly string[];

  @ApiInput('For people; null removes it')
  @IsOptional()
  @OrNull()
  @IsString()
  @MaxLength(200)
  readonly description?: string | null;

  toChange(): Partial<WebhookFields> {
    const { url, types, description } = this;
    return {
      ...(url && { url }), // null counts as missing
      ...(types && { types: normalTypes(types) }),
      ...(description !== undefined && { description }),
    };
  }
}

/** `*` beside others is every type. */
const normalTypes = (types: readonly string[]): string[] => (types.includes(EVERY_TYPE) ? [EVERY_TYPE] : [...new Set(types)].sort());

export class RotateBody extends ReasonBody {
  @ApiInput('For how long the previous secrets sign too', { default: 24 })
  @IsInt()
  @Min(0)
  @Max(168)
  readonly overlap_hours: number = 24;
}

export class ReplayBody extends ReasonBody {
  @ApiInput('Events of this time or later', { example: '2026-11-01T00:00:00Z' })
  @IsTimestamp()
  readonly since: string;
}

export class DeliveriesQuery extends TimeRangeQuery {
  @ApiInput('Only deliveries with this status')
  @IsOptional()
  @IsOneOf(DELIVERY_STATUSES)
  readonly status?: DeliveryStatus;

  @ApiInput('Type of the event; several are separated by commas', { example: 'saga.failed' })
  @IsOptional()
  @IsSomeOf(DELIVERED_TYPES)
  readonly type?: string;

  toFilters(): DeliveryFilters {
    const { status, type, since, until } = this;
    return { status, types: type === undefined ? undefined : wordsIn(type), since, until };
  }
}

/** An endpoint of webhooks. Its secret is in no answer but those of its creation and of a rotation. */
export class WebhookResponse implements WebhookView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiText('The tenant that it belongs to; null: platform admins, and it receives the events of all tenants', NULLABLE)
  readonly tenant_id: string | null;

  @ApiText('Where messages are sent', { example: 'https://example.com/hooks/arcadia' })
  readonly url: string;

  @ApiTextList('Types of events; `*` is every type')
  readonly types: readonly string[];

  @ApiText('For people', NULLABLE)
  readonly description: string | null;

  @ApiEnum(ENDPOINT_STATUSES, '`paused`: messages wait; `disabled`: it failed, and messages are not kept')
  readonly status: EndpointStatus;

  @ApiText('Why it is paused or disabled: `gone` (it answered 410) or `failing` (five days without a success)', NULLABLE)
  readonly status_reason: string | null;

  @ApiCount('Secrets that sign at the moment; more than one after a rotation')
  readonly signing_secrets: number;

  @ApiTime('The first failure since the last success', NULLABLE)
  readonly failing_since: string | null;

  @ApiTime('The last success, to the minute', NULLABLE)
  readonly last_success_at: string | null;

  @ApiTime('The begin of the last pause', NULLABLE)
  readonly paused_at: string | null;

  @ApiCount('Events that came during the last pause, for which nothing was sent', { example: 0 })
  readonly skipped_while_paused: number;

  @ApiText('Who created it')
  readonly created_by: string;

  @ApiTime('Time of its creation')
  readonly created_at: string;

  @ApiTime('Time of the last change by a person, or of its end')
  readonly changed_at: string;
}

/** An endpoint with its secret, which is in this answer only. */
export class WebhookSecretResponse extends WebhookResponse {
  @ApiText('The secret that verifies `webhook-signature`; it cannot be read later', { example: 'whsec_…' })
  readonly secret: string;
}

/** One event for one endpoint. */
export class DeliveryResponse implements DeliveryView {
  @ApiUuid('Id, which is the `webhook-id` of every attempt')
  readonly id: string;

  @ApiUuid('Id of the endpoint')
  readonly webhook_id: string;

  @ApiWhole('`sequence` of the event; null for a test', NULLABLE)
  readonly sequence: number | null;

  @ApiText('Type of the event', { example: 'saga.failed' })
  readonly type: string;

  @ApiEnum(DELIVERY_STATUSES, '`failed`: after the last attempt, or because the endpoint was disabled')
  readonly status: DeliveryStatus;

  @ApiCount('Attempts that have begun')
  readonly attempts: number;

  @ApiTime('The next attempt', NULLABLE)
  readonly next_attempt_at: string | null;

  @ApiTime('The last attempt', NULLABLE)
  readonly last_attempt_at: string | null;

  @ApiWhole('HTTP status of the last answer; null without an answer', NULLABLE)
  readonly last_status: number | null;

  @ApiCount('Milliseconds until the last answer, or until it failed', NULLABLE)
  readonly last_ms: number | null;

  @ApiText('Why the last attempt failed', { nullable: true, example: 'refused_by_receiver' })
  readonly error_code: string | null;

  @ApiTime('Time at which it was written')
  readonly created_at: string;

  @ApiTime('Time of the success, or of giving up', NULLABLE)
  readonly finished_at: string | null;
}

export class ReplayResponse {
  @ApiCount('Messages that are sent once more; at most 1,000')
  readonly replayed: number;
}
