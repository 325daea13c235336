import { Body, Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { ArrayMaxSize, IsArray, IsEmail, IsOptional, MaxLength } from 'class-validator';
import type { AuditContext } from '#libs/audit';
import { EVENT_TYPES } from '#libs/events';
import type { Principal } from '#libs/identity';
import { ValidationFailedError } from '#libs/kernel';
import {
  DIGESTS,
  isSubscriber,
  SUBSCRIBER_ROLES,
  Subscriptions,
  type Digest,
  type OwnedSubscription,
  type SubscriberRole,
  type SubscriptionFields,
  type SubscriptionView,
} from '#libs/notifications';
import { CurrentPrincipal, RequirePlatformAdmin, RequireTenantOrAdmin } from '../auth/access.decorator';
import { PageQuery, ReasonBody, type DataOf, type ListOf } from '../http/http.dto';
import { IsEachOf, IsNotBlank, IsOneOf, IsTenantId, OrNull } from '../http/input.decorators';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiEnum, ApiInput, ApiOperation, ApiParam, ApiText, ApiTextList, ApiTime } from '../http/swagger.decorators';

const NULLABLE = { nullable: true } as const;

/** Who is notified, and of which events. */
export class SubscriptionBody extends ReasonBody {
  @ApiInput('Where mails are sent; left out or null: no mails', { example: 'ops@example.com' })
  @IsOptional()
  @OrNull()
  @MaxLength(200)
  @IsEmail()
  readonly email?: string | null;

  @ApiInput('Address of a chat room that takes `{"text": …}`, as Slack does; null: no chat; left out: as it is', {
    example: 'https://hooks.slack.com/services/T000/B000/XXXX',
  })
  @IsOptional()
  @OrNull()
  @MaxLength(2_000)
  @IsNotBlank()
  readonly chat_url?: string | null;

  @ApiInput('Types of events; `*` is every type. `webhook.disabled` is always told', { example: ['saga.failed', 'drift.opened'] })
  @IsArray()
  @ArrayMaxSize(100)
  @IsEachOf(['*', ...EVENT_TYPES], 0)
  readonly types: readonly string[];

  @ApiInput('`at_once`, or one message a day at 07:00 UTC', { default: 'at_once' })
  @IsOneOf(DIGESTS)
  readonly digest: string = 'at_once';

  toFields(): SubscriptionFields {
    const { email = null, chat_url, types, digest } = this;
    return { email, chat_url, types: types.includes('*') ? ['*'] : [...new Set(types)].sort(), digest: digest as Digest };
  }
}

/** Who is notified of events by mail and chat. */
export class SubscriptionResponse implements SubscriptionView {
  @ApiText('Where mails are sent', NULLABLE)
  readonly email: string | null;

  @ApiText('Host of the chat; its address is a secret', NULLABLE)
  readonly chat_host: string | null;

  @ApiTextList('Types of events; `*` is every type')
  readonly types: readonly string[];

  @ApiEnum(DIGESTS, 'When')
  readonly digest: Digest;

  @ApiText('Who changed it last; null before the first change', NULLABLE)
  readonly changed_by: string | null;

  @ApiTime('Time of the last change', NULLABLE)
  readonly changed_at: string | null;
}

/** A subscription in the list of all. */
export class OwnedSubscriptionResponse extends SubscriptionResponse implements OwnedSubscription {
  @ApiText('The subscriber: `admin <sub>` or `tenant <id>`', { example: 'admin ada' })
  readonly owner: string;

  @ApiText('Tenant; null for one of an admin', NULLABLE)
  readonly tenant_id: string | null;
}

export class SubscriptionsQuery extends PageQuery {
  @ApiInput('Only those of admins, or only those of tenants')
  @IsOptional()
  @IsOneOf(SUBSCRIBER_ROLES)
  readonly role?: SubscriberRole;

  @ApiInput('Only that of this tenant', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Part of the owner, of the mail address or of the host of the chat', { example: 'ada' })
  @IsOptional()
  @MaxLength(200)
  @IsNotBlank()
  readonly q?: string;
}

@RequireTenantOrAdmin()
@Controller('api/v1/notifications')
export class SubscriptionsController {
  constructor(private readonly subscriptions: Subscriptions) {}

  @Get('subscriptions')
  @ApiOperation({
    summary: 'Get your mail and chat subscription',
    description:
      'Which events are sent to you, and where. An admin reads its own subscription, a tenant the one of the whole tenant. The address of the chat is never returned.',
  })
  @ApiDataResponse(SubscriptionResponse)
  async get(@CurrentPrincipal() by: Principal): Promise<DataOf<SubscriptionResponse>> {
    return { data: await this.subscriptions.get(by) };
  }

  @Put('subscriptions')
  @ApiOperation({
    summary: 'Set your mail and chat subscription',
    description:
      'The whole set; only `chat_url` stays when it is left out. An admin receives events of all tenants, a tenant only its own. ' +
      '400 `outbound_address_refused` for a chat that is not public or not https.',
  })
  @ApiDataResponse(SubscriptionResponse)
  @ApiProblems(503)
  async replace(
    @Body() body: SubscriptionBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<SubscriptionResponse>> {
    return { data: await this.subscriptions.replace(by, body.toFields(), context) };
  }
}

/** The subscriptions of all admins and tenants. */
@RequirePlatformAdmin()
@Controller('api/v1/notification-subscriptions')
export class AllSubscriptionsController {
  constructor(private readonly subscriptions: Subscriptions) {}

  @Get()
  @ApiOperation({
    summary: 'List all mail and chat subscriptions',
    description:
      'Of all admins and tenants, by their owner. That of an admin who has left goes on, with the events of all tenants, until it is ended.',
  })
  @ApiListResponse(OwnedSubscriptionResponse)
  list(@Query() query: SubscriptionsQuery): Promise<ListOf<OwnedSubscriptionResponse>> {
    const { role, tenant_id, q } = query;
    return this.subscriptions.list({ ...(role && { role }), ...(tenant_id && { tenant_id }), ...(q && { q }) }, query);
  }

  @Delete(':owner')
  @ApiOperation({
    summary: 'End a mail and chat subscription',
    description:
      'Of any admin or tenant, who may subscribe again. Messages that wait are not sent. The answer is the subscription as it was.',
  })
  @ApiParam({ name: 'owner', description: '`admin <sub>` or `tenant <id>`', schema: { type: 'string', minLength: 7, maxLength: 1_007 } })
  @ApiDataResponse(OwnedSubscriptionResponse)
  async end(@Param('owner') owner: string, @AuditCtx() context: AuditContext): Promise<DataOf<OwnedSubscriptionResponse>> {
    if (!isSubscriber(owner))
      throw new ValidationFailedError([{ field: 'owner', message: 'owner must be "admin <sub>" or "tenant <id>"' }]);
    return { data: await this.subscriptions.end(owner, context) };
  }
}
