import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal } from '#libs/identity';
import { WebhookDeliveries, WebhookEndpoints } from '#libs/notifications';
import { WakeupService } from '#libs/queues';
import { CurrentPrincipal, RequireTenantOrAdmin } from '../auth/access.decorator';
import { ReasonBody, type DataOf, type ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import {
  DeliveriesQuery,
  DeliveryResponse,
  ReplayBody,
  ReplayResponse,
  RotateBody,
  WebhookBody,
  WebhookChangeBody,
  WebhookResponse,
  WebhookSecretResponse,
  WebhooksQuery,
} from './webhooks.dto';

const OF_WHOM = "A tenant has its own endpoints, and they get the events of its own things. An admin's endpoints get all events.";

@RequireTenantOrAdmin()
@Controller('api/v1/webhooks')
export class WebhooksController {
  constructor(
    private readonly endpoints: WebhookEndpoints,
    private readonly deliveries: WebhookDeliveries,
    private readonly wakeups: WakeupService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List webhook endpoints', description: `Newest first. ${OF_WHOM}` })
  @ApiListResponse(WebhookResponse)
  list(@Query() query: WebhooksQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<WebhookResponse>> {
    return this.endpoints.list(scopeOf(by), query.filtersFor(by), query);
  }

  @Post()
  @ApiOperation({
    summary: 'Create a webhook endpoint',
    description:
      `The answer has the \`secret\` that verifies messages, this once. ${OF_WHOM} 400 \`outbound_address_refused\` for an address that is not ` +
      'public or not https. docs/webhooks.md explains messages, retries and how to verify them.',
  })
  @ApiDataResponse(WebhookSecretResponse, 201)
  @ApiProblems(409, 503)
  async create(
    @Body() body: WebhookBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<WebhookSecretResponse>> {
    return { data: await this.endpoints.create(scopeOf(by), body.toFields(), context) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a webhook endpoint' })
  @ApiIdParam('endpoint')
  @ApiDataResponse(WebhookResponse)
  async get(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal): Promise<DataOf<WebhookResponse>> {
    return { data: await this.endpoints.get(scopeOf(by), id) };
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a webhook endpoint', description: 'Messages that wait are sent to the new address.' })
  @ApiIdParam('endpoint')
  @ApiDataResponse(WebhookResponse)
  async update(
    @Param('id', UuidPipe) id: string,
    @Body() body: WebhookChangeBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<WebhookResponse>> {
    return { data: await this.endpoints.update(scopeOf(by), id, body.toChange(), context) };
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Delete a webhook endpoint', description: 'With its secrets and deliveries. Messages that wait are not sent.' })
  @ApiIdParam('endpoint')
  @ApiDataResponse(WebhookResponse)
  async delete(
    @Param('id', UuidPipe) id: string,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<WebhookResponse>> {
    return { data: await this.endpoints.delete(scopeOf(by), id, context) };
  }

  @Post(':id/test')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send a test message', description: 'Of type `webhook.test`, which is no event. The answer is its delivery.' })
  @ApiIdParam('endpoint')
  @ApiDataResponse(DeliveryResponse, 202)
  @ApiProblems(409)
  async test(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<DeliveryResponse>> {
    return this.woken({ data: await this.deliveries.test(scopeOf(by), id, context) });
  }

  @Post(':id/pause')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Pause a webhook endpoint',
    description:
      'Nothing is sent until it is resumed. Events that come meanwhile are counted in `skipped_while_paused`; `replay` since `paused_at` sends them.',
  })
  @ApiIdParam('endpoint')
  @ApiDataResponse(WebhookResponse)
  async pause(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<WebhookResponse>> {
    return { data: await this.endpoints.pause(scopeOf(by), id, context) };
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Resume a webhook endpoint',
    description: 'Also one that is disabled. `replay` sends what it missed while it was paused or disabled.',
  })
  @ApiIdParam('endpoint')
  @ApiDataResponse(WebhookResponse)
  async resume(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<WebhookResponse>> {
    return this.woken({ data: await this.endpoints.resume(scopeOf(by), id, context) });
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Rotate the secret of a webhook endpoint',
    description:
      'The answer has the new secret, this once. Messages are signed with the previous ones too for `overlap_hours`; at most three sign.',
  })
  @ApiIdParam('endpoint')
  @ApiDataResponse(WebhookSecretResponse)
  @ApiProblems(503)
  async rotate(
    @Param('id', UuidPipe) id: string,
    @Body() body: RotateBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<WebhookSecretResponse>> {
    return { data: await this.endpoints.rotate(scopeOf(by), id, body.overlap_hours, context) };
  }

  @Post(':id/replay')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Send events once more',
    description: 'The first 1,000 events since a time. A message keeps its `webhook-id`, so the receiver recognises what it has.',
  })
  @ApiIdParam('endpoint')
  @ApiDataResponse(ReplayResponse, 202)
  @ApiProblems(409)
  async replay(
    @Param('id', UuidPipe) id: string,
    @Body() body: ReplayBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<ReplayResponse>> {
    return this.woken({ data: await this.deliveries.replay(scopeOf(by), id, body.since, context) });
  }

  @Get(':id/deliveries')
  @ApiOperation({ summary: 'List the deliveries of a webhook endpoint', description: 'Newest first. Finished ones are kept for 30 days.' })
  @ApiIdParam('endpoint')
  @ApiListResponse(DeliveryResponse)
  listDeliveries(
    @Param('id', UuidPipe) id: string,
    @Query() query: DeliveriesQuery,
    @CurrentPrincipal() by: Principal,
  ): Promise<ListOf<DeliveryResponse>> {
    return this.deliveries.list(scopeOf(by), id, query.toFilters(), query);
  }

  private async woken<T>(answer: T): Promise<T> {
    await this.wakeups.wakeDeliveryWorker();
    return answer;
  }
}

@RequireTenantOrAdmin()
@Controller('api/v1/webhook-deliveries')
export class WebhookDeliveriesController {
  constructor(
    private readonly deliveries: WebhookDeliveries,
    private readonly wakeups: WakeupService,
  ) {}

  @Post(':id/resend')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send a message once more', description: 'With the same `webhook-id`, and with all its attempts.' })
  @ApiIdParam('delivery')
  @ApiDataResponse(DeliveryResponse, 202)
  @ApiProblems(409)
  async resend(
    @Param('id', UuidPipe) id: string,
    @Body() _body: ReasonBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<DeliveryResponse>> {
    const data = await this.deliveries.resend(scopeOf(by), id, context);
    await this.wakeups.wakeDeliveryWorker();
    return { data };
  }
}
