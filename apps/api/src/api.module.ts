import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { AccountsModule } from '#libs/accounts';
import { AuditModule } from '#libs/audit';
import { CatalogModule } from '#libs/catalog';
import { ConfigModule, type Config } from '#libs/config';
import { CostsModule } from '#libs/costs';
import { DatabaseModule } from '#libs/database';
import { DigitalOceanModule } from '#libs/digitalocean';
import { DriftModule } from '#libs/drift';
import { EventsModule } from '#libs/events';
import { IdentityModule } from '#libs/identity';
import { InventoryModule } from '#libs/inventory';
import { NotificationsModule } from '#libs/notifications';
import { OutboundHttpModule } from '#libs/outbound-http';
import { ProviderBillingModule } from '#libs/provider-billing';
import { ProvisioningModule } from '#libs/provisioning';
import { QueueHealth, QueuesModule } from '#libs/queues';
import { ReadinessService } from '#libs/runtime';
import { SagaModule } from '#libs/saga';
import { TenantBillingModule } from '#libs/tenant-billing';
import { TenantsModule } from '#libs/tenants';
import { AttributionRulesController } from './attribution/attribution-rules.controller';
import { AuditController, TargetNames } from './audit/audit.controller';
import { ChainCheck } from './audit/chain-check';
import { AccessDeclarations, AccessGuard } from './auth/access.guard';
import { SessionCookie } from './auth/session-cookie';
import { TenantStandingGuard } from './auth/tenant-standing.guard';
import { BillingController, CostLinesController, InvoicesController } from './billing/billing.controller';
import { CatalogController } from './catalog/catalog.controller';
import { ListPricesController } from './catalog/list-prices.controller';
import { ConsoleSite } from './console/console-site';
import { CostsController, CostsCsvController } from './costs/costs.controller';
import { DocsPages } from './docs/docs-pages';
import { DocsPagesController } from './docs/docs.controller';
import { DriftController, DriftRulesController } from './drift/drift.controller';
import { EventNames } from './events/event-names';
import { EventStreams } from './events/event-streams';
import { EventsController } from './events/events.controller';
import { HealthController, MetricsController } from './health/health.controller';
import { SchemaGate } from './health/schema-gate';
import { KnownWords } from './http/known-words';
import { ProblemFilter } from './http/problem.filter';
import { KeepAliveDrainer } from './http/request-context';
import { InputValidationPipe, UndeclaredInputGuard } from './http/validation.pipe';
import { BulkChangeController, DesiredStateController } from './inventory/desired-state.controller';
import { FastListController } from './inventory/fast-list/fast-list.controller';
import { AdoptController, InventoryController, InventoryCsvController } from './inventory/inventory.controller';
import { LimitsController } from './limits/limits.controller';
import { ApiDocument } from './openapi/api-document';
import { DocsController, OpenApiController } from './openapi/openapi.controller';
import { MeController } from './me/me.controller';
import { AllSubscriptionsController, SubscriptionsController } from './notifications/subscriptions.controller';
import { WebhookDeliveriesController, WebhooksController } from './notifications/webhooks.controller';
import { ProjectsController } from './projects/projects.controller';
import { ProviderController } from './provider/provider.controller';
import { BoardActions, QueueBoard } from './queue-board/queue-board';
import { BoardSessions } from './queue-board/board-session';
import { SagaBulkController } from './sagas/saga-bulk.controller';
import { SagaVerbsController } from './sagas/saga-verbs.controller';
import { SagasController } from './sagas/sagas.controller';
import { SagasService } from './sagas/sagas.service';
import { SweepsController } from './sweeps/sweeps.controller';
import { BillingPoolsController, BillingRunsController, PnlController } from './tenant-billing/billing-runs.controller';
import { CreditNoteDocumentsController, InvoiceDocumentsController, ProofKeyController } from './tenant-billing/documents.controller';
import { IssuerLogosController } from './tenant-billing/issuer-logos.controller';
import { IssuersController, TenantBillingController } from './tenant-billing/profiles.controller';
import { RateCardsController, RateOverridesController } from './tenant-billing/rate-cards.controller';
import {
  CreditNotesController,
  DunningPoliciesController,
  InvoiceMoneyController,
  NotificationRequestsController,
  PaymentsController,
  WalletsController,
} from './tenant-billing/money.controller';
import { TaxRulesController } from './tenant-billing/tax-rules.controller';
import { DraftChangesController } from './tenant-billing/draft-changes.controller';
import { FxRatesController, TenantInvoicesController, TenantInvoiceVerbsController } from './tenant-billing/tenant-invoices.controller';
import { TenantsController } from './tenants/tenants.controller';
import { TenantsService } from './tenants/tenants.service';

@Module({ imports: [DiscoveryModule], providers: [AccessDeclarations, SessionCookie], exports: [AccessDeclarations, SessionCookie] })
class AuthModule {}

/** The lists of words that inputs may contain, for every validation pipe. */
@Global()
@Module({
  imports: [CatalogModule, DriftModule, InventoryModule, ProviderBillingModule, SagaModule],
  providers: [KnownWords],
  exports: [KnownWords],
})
class KnownWordsModule {}

/** Terminus does not log: a failed probe is a response, and its caller decides whether it is an event. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [SchemaGate, ReadinessService.provider(HealthCheckService, [SchemaGate, QueueHealth])],
  exports: [SchemaGate],
})
class HealthApiModule {}

@Module({ imports: [InventoryModule], controllers: [FastListController], providers: [InputValidationPipe] })
class FastListModule {}

/** Resources without their list, which is the `FastListModule`. */
@Module({
  imports: [InventoryModule, DriftModule, ProvisioningModule],
  controllers: [BulkChangeController, DesiredStateController, InventoryController, InventoryCsvController, AdoptController],
  providers: [InputValidationPipe],
})
class InventoryApiModule {}

@Module({ imports: [InventoryModule], controllers: [AttributionRulesController] })
class AttributionApiModule {}

@Module({ imports: [CatalogModule, InventoryModule, TenantsModule], controllers: [CatalogController] })
class CatalogApiModule {}

@Module({ imports: [AccountsModule, InventoryModule], controllers: [ProjectsController] })
class ProjectsApiModule {}

@Module({
  imports: [AccountsModule, CatalogModule, CostsModule, InventoryModule, ProviderBillingModule, TenantsModule],
  controllers: [TenantsController, MeController],
  providers: [TenantsService],
})
class TenantsApiModule {}

@Module({ imports: [InventoryModule], controllers: [SweepsController] })
class SweepsApiModule {}

/** `ProvisioningModule` registers the saga kinds that call the provider. */
@Module({
  imports: [InventoryModule, SagaModule, ProvisioningModule],
  controllers: [SagaBulkController, SagasController, SagaVerbsController],
  providers: [SagasService, InputValidationPipe],
})
class SagasApiModule {}

@Module({ imports: [TenantsModule], controllers: [LimitsController] })
class LimitsApiModule {}

@Module({ imports: [DriftModule, InventoryModule], controllers: [DriftController, DriftRulesController] })
class DriftApiModule {}

@Module({
  imports: [ProviderBillingModule],
  controllers: [BillingController, InvoicesController, CostLinesController],
})
class BillingApiModule {}

@Module({
  imports: [TenantBillingModule],
  controllers: [
    BillingPoolsController,
    BillingRunsController,
    CreditNotesController,
    DunningPoliciesController,
    FxRatesController,
    InvoiceMoneyController,
    IssuersController,
    IssuerLogosController,
    NotificationRequestsController,
    PaymentsController,
    PnlController,
    RateCardsController,
    CreditNoteDocumentsController,
    InvoiceDocumentsController,
    ProofKeyController,
    RateOverridesController,
    TaxRulesController,
    TenantBillingController,
    TenantInvoicesController,
    TenantInvoiceVerbsController,
    DraftChangesController,
    WalletsController,
  ],
})
class TenantBillingApiModule {}

/** `DigitalOceanModule` is global. */
@Module({ controllers: [ProviderController] })
class ProviderApiModule {}

@Module({ imports: [CostsModule], controllers: [CostsController, CostsCsvController] })
class CostsApiModule {}

@Module({ imports: [CatalogModule], controllers: [ListPricesController] })
class ListPricesApiModule {}

@Module({
  imports: [AccountsModule, InventoryModule, NotificationsModule, TenantBillingModule],
  controllers: [AuditController],
  providers: [ChainCheck, TargetNames],
})
class AuditApiModule {}

@Module({ imports: [InventoryModule, TenantsModule], controllers: [EventsController], providers: [EventNames, EventStreams] })
class EventsApiModule {}

@Module({
  imports: [NotificationsModule],
  controllers: [SubscriptionsController, AllSubscriptionsController, WebhooksController, WebhookDeliveriesController],
})
class NotificationsApiModule {}

@Module({
  imports: [AuthModule, SagaModule],
  controllers: [OpenApiController, DocsController, DocsPagesController],
  providers: [ApiDocument, DocsPages],
})
class OpenApiModule {}

@Module({ controllers: [MetricsController] })
class MetricsApiModule {}

/** The board is an Express router; `createApi` mounts it. */
@Module({ providers: [BoardActions, BoardSessions, QueueBoard] })
class QueueBoardModule {}

/** The console is static files and its session, served by an Express router; `createApi` mounts it. */
@Module({ imports: [AuthModule], providers: [ConsoleSite] })
class ConsoleModule {}

const FEATURES = [
  HealthApiModule,
  FastListModule,
  InventoryApiModule,
  AttributionApiModule,
  CatalogApiModule,
  ProjectsApiModule,
  TenantsApiModule,
  SweepsApiModule,
  SagasApiModule,
  LimitsApiModule,
  DriftApiModule,
  BillingApiModule,
  TenantBillingApiModule,
  CostsApiModule,
  ListPricesApiModule,
  AuditApiModule,
  ProviderApiModule,
  EventsApiModule,
  NotificationsApiModule,
  OpenApiModule,
  MetricsApiModule,
  QueueBoardModule,
  ConsoleModule,
];

/** The api process: one module per feature, and the filter, the pipe and the guards that apply to every request. */
@Module({})
export class ApiModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        ConfigModule.forRoot(config),
        DatabaseModule,
        AuditModule,
        EventsModule,
        IdentityModule,
        QueuesModule.forRoot(config),
        DigitalOceanModule,
        OutboundHttpModule,
        AuthModule,
        TenantsModule,
        KnownWordsModule,
        ...FEATURES,
      ],
      providers: [
        KeepAliveDrainer,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: InputValidationPipe },
        // The order matters: first the caller's access, then undeclared input, then the schema, then the tenant in it.
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_GUARD, useClass: UndeclaredInputGuard },
        { provide: APP_GUARD, useExisting: SchemaGate },
        { provide: APP_GUARD, useClass: TenantStandingGuard },
      ],
    };
  }
}
