import { Body, Controller, Get, Put } from '@nestjs/common';
import { ArrayMaxSize, IsArray, IsEmail, IsOptional, MaxLength } from 'class-validator';
import type { AuditContext } from '#libs/audit';
import { EVENT_TYPES } from '#libs/events';
import type { Principal } from '#libs/identity';
import { DIGESTS, Subscriptions, type Digest, type SubscriptionFields, type SubscriptionView } from '#libs/notifications';
import { CurrentPrincipal, RequireTenantOrAdmin } from '../auth/access.decorator';
import { ReasonBody, type DataOf } from '../http/http.dto';
import { IsEachOf, IsNotBlank, IsOneOf, OrNull } from '../http/input.decorators';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiProblems } from '../http/response.decorators';
import { ApiEnum, ApiInput, ApiOperation, ApiText, ApiTextList, ApiTime } from '../http/swagger.decorators';

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
