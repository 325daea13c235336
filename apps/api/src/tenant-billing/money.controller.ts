import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal } from '#libs/identity';
import { WakeupService } from '#libs/queues';
import { CreditNotes, Dunning, NotificationRequests, Payments, TenantInvoiceReader, WalletBalances, Wallets } from '#libs/tenant-billing';
import { CurrentPrincipal, RequirePlatformAdmin, RequireTenantOrAdmin } from '../auth/access.decorator';
import type { DataOf, ListOf } from '../http/http.dto';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiIdParam, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation, ApiParam } from '../http/swagger.decorators';
import { TenantIdPipe, UuidPipe } from '../http/validation.pipe';
import { CreditNoteBody, DunningPolicyBody, PaymentBody, WalletGrantBody, WriteOffBody } from './money.dto';
import { CreditNotesQuery, NotificationRequestsQuery, PaymentsQuery, WalletEntriesQuery, WalletsQuery } from './money-queries.dto';
import {
  CreditNoteResponse,
  DunningPolicyResponse,
  NotificationRequestResponse,
  PaymentResponse,
  WalletBalanceResponse,
  WalletEntryResponse,
} from './money-answers.dto';
import { TenantInvoiceResponse } from './tenant-invoices-answers.dto';

const ApiTextIdParam = (name: string, of: string) =>
  ApiParam({ name, description: `Id of the ${of}`, schema: { type: 'string', minLength: 1, maxLength: 200 } });

/** The verbs of an issued invoice that move money. */
@RequirePlatformAdmin()
@Controller('api/v1/tenant-invoices')
export class InvoiceMoneyController {
  constructor(
    private readonly creditNotes: CreditNotes,
    private readonly payments: Payments,
    private readonly invoices: TenantInvoiceReader,
    private readonly wakeups: WakeupService,
  ) {}

  @Post(':id/credit')
  @ApiOperation({
    summary: 'Credit lines of an invoice',
    description:
      'Issues a credit note with the tax of the lines. It lowers what is due first; `rest` names where the other part goes. 409 `not_creditable` for ' +
      'more than is left of a line or of the invoice.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(CreditNoteResponse, 201)
  @ApiProblems(409)
  async credit(
    @Param('id', UuidPipe) id: string,
    @Body() body: CreditNoteBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<CreditNoteResponse>> {
    const data = await this.creditNotes.credit(id, body.toCredit(), body.expected_version, { ...context, reason: body.reason });
    await this.wakeups.wakeDocumentWorkers();
    return { data };
  }

  @Post(':id/payments')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Record a payment of an invoice',
    description:
      'Or the return of one, with its `payment_id`. What is more than is due goes to the money wallet of the tenant. 409 `reference_taken` for a ' +
      'reference that is recorded, 409 `payment_not_returnable` for more than is left.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(409)
  async pay(
    @Param('id', UuidPipe) id: string,
    @Body() body: PaymentBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<TenantInvoiceResponse>> {
    await this.payments.record(id, body.toPayment(), body.expected_version, context);
    return { data: await this.invoices.get({ kind: 'platform' }, id) };
  }

  @Post(':id/write_off')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Write off what is due',
    description: 'No more reminders are sent. `due` stays the amount that was not paid; a late payment lowers it.',
  })
  @ApiIdParam('invoice')
  @ApiDataResponse(TenantInvoiceResponse)
  @ApiProblems(409)
  async writeOff(
    @Param('id', UuidPipe) id: string,
    @Body() body: WriteOffBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<TenantInvoiceResponse>> {
    await this.payments.writeOff(id, body.expected_version, context);
    return { data: await this.invoices.get({ kind: 'platform' }, id) };
  }
}

@RequireTenantOrAdmin()
@Controller('api/v1/payments')
export class PaymentsController {
  constructor(private readonly payments: Payments) {}

  @Get()
  @ApiOperation({ summary: 'List payments', description: 'Newest first, with their returns. A tenant gets its own.' })
  @ApiListResponse(PaymentResponse)
  list(@Query() query: PaymentsQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<PaymentResponse>> {
    return this.payments.list(scopeOf(by), query, query.toFilters(by));
  }
}

@RequireTenantOrAdmin()
@Controller('api/v1/credit-notes')
export class CreditNotesController {
  constructor(private readonly creditNotes: CreditNotes) {}

  @Get()
  @ApiOperation({ summary: 'List credit notes', description: 'Newest first, with their lines. A tenant gets its own.' })
  @ApiListResponse(CreditNoteResponse)
  list(@Query() query: CreditNotesQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<CreditNoteResponse>> {
    return this.creditNotes.list(scopeOf(by), query, query.toFilters(by));
  }
}

@Controller('api/v1/wallets')
export class WalletsController {
  constructor(
    private readonly wallets: Wallets,
    private readonly balances: WalletBalances,
  ) {}

  @Get()
  @RequireTenantOrAdmin()
  @ApiOperation({
    summary: 'List wallets with their balances',
    description: 'By tenant, kind and currency; wallets with nothing left are not listed. A tenant gets its own.',
  })
  @ApiListResponse(WalletBalanceResponse)
  listBalances(@Query() query: WalletsQuery, @CurrentPrincipal() by: Principal): Promise<ListOf<WalletBalanceResponse>> {
    return this.balances.list(scopeOf(by), query, query.toFilters(by));
  }

  @Get(':tenant_id/entries')
  @RequireTenantOrAdmin()
  @ApiOperation({ summary: 'List the entries of a wallet', description: 'Newest first. A tenant reads its own.' })
  @ApiTextIdParam('tenant_id', 'tenant')
  @ApiListResponse(WalletEntryResponse)
  @ApiProblems(404)
  list(
    @Param('tenant_id', TenantIdPipe) tenantId: string,
    @Query() query: WalletEntriesQuery,
    @CurrentPrincipal() by: Principal,
  ): Promise<ListOf<WalletEntryResponse>> {
    return this.wallets.list(scopeOf(by), tenantId, query, query.toFilters());
  }

  @Post(':tenant_id/entries')
  @RequirePlatformAdmin()
  @ApiOperation({
    summary: 'Put an amount into a wallet',
    description: 'Used from the next invoice on: what expires first, then what is granted, then what was purchased.',
  })
  @ApiTextIdParam('tenant_id', 'tenant')
  @ApiDataResponse(WalletEntryResponse, 201)
  @ApiProblems(404)
  async grant(
    @Param('tenant_id', TenantIdPipe) tenantId: string,
    @Body() body: WalletGrantBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<WalletEntryResponse>> {
    return { data: await this.wallets.grant(tenantId, body.toGrant(), context) };
  }
}

@RequirePlatformAdmin()
@Controller('api/v1/billing/issuers')
export class DunningPoliciesController {
  constructor(private readonly dunning: Dunning) {}

  @Get(':id/dunning')
  @ApiOperation({ summary: 'Get the reminders of an issuer', description: 'The steps after the due date of an unpaid invoice.' })
  @ApiTextIdParam('id', 'issuer')
  @ApiDataResponse(DunningPolicyResponse)
  @ApiProblems(404)
  async get(@Param('id', TenantIdPipe) id: string): Promise<DataOf<DunningPolicyResponse>> {
    return { data: await this.dunning.policy(id) };
  }

  @Put(':id/dunning')
  @ApiOperation({
    summary: 'Set the reminders of an issuer',
    description: 'The whole set. Each step of an invoice happens once. 409 `version_moved` when it changed since `expected_version`.',
  })
  @ApiTextIdParam('id', 'issuer')
  @ApiDataResponse(DunningPolicyResponse)
  @ApiProblems(404, 409)
  async replace(
    @Param('id', TenantIdPipe) id: string,
    @Body() body: DunningPolicyBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<DunningPolicyResponse>> {
    return { data: await this.dunning.replacePolicy(id, body.toSteps(), body.expected_version, context) };
  }
}

@RequirePlatformAdmin()
@Controller('api/v1/notification-requests')
export class NotificationRequestsController {
  constructor(private readonly requests: NotificationRequests) {}

  @Get()
  @ApiOperation({
    summary: 'List notification requests',
    description: 'Newest first: the mails that tenant billing sends, such as reminders, and whether they are delivered.',
  })
  @ApiListResponse(NotificationRequestResponse)
  list(@Query() query: NotificationRequestsQuery): Promise<ListOf<NotificationRequestResponse>> {
    return this.requests.list(query, query.toFilters());
  }
}
