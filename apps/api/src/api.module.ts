import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { ProviderBillingModule } from '#libs/provider-billing';
import { AuditModule } from '#libs/audit';
import { ProvisioningModule } from '#libs/provisioning';
import { ConfigModule, type Config } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { DigitalOceanModule } from '#libs/digitalocean';
import { DriftModule } from '#libs/drift';
import { IdentityModule } from '#libs/identity';
import { InventoryModule } from '#libs/inventory';
import { QueuesModule } from '#libs/queues';
import { SagaModule } from '#libs/saga';
import { AccessDeclarations } from './access/access-declarations';
import { AccessGuard } from './access/access.guard';
import { AuditPages } from './audit/audit-pages';
import { AuditController } from './audit/audit.controller';
import { BillingController } from './billing/billing.controller';
import { CostLinesController } from './billing/cost-lines.controller';
import { InvoicesController } from './billing/invoices.controller';
import { RequestedIngests } from './billing/requested-ingests';
import { BoardActions } from './board/board-actions';
import { QueueBoard } from './board/queue-board';
import { AdoptController } from './drift/adopt.controller';
import { DriftRulesController } from './drift/drift-rules.controller';
import { DriftController } from './drift/drift.controller';
import { RevertRequests } from './drift/revert-requests';
import { HealthController } from './health/health.controller';
import { Readiness } from './health/readiness';
import { SchemaGate } from './health/schema-gate';
import { InventoryCsvController } from './inventory/inventory-csv.controller';
import { InventoryController } from './inventory/inventory.controller';
import { MetricsController } from './metrics/metrics.controller';
import { DocsController } from './openapi/docs.controller';
import { OpenApiController } from './openapi/openapi.controller';
import { ProblemFilter } from './problems/problem.filter';
import { ProjectsController } from './projects/projects.controller';
import { UndeclaredInputGuard } from './requests/declared-input.guard';
import { DocumentedInputPipe } from './requests/documented-input.pipe';
import { KeepAliveDrainer } from './requests/kept-connections';
import { Routes } from './routing/routes';
import { SagaWakeup } from './sagas/saga-bell';
import { SagaRequests } from './sagas/saga-requests';
import { SagasController } from './sagas/sagas.controller';
import { RequestedSweeps } from './sweeps/requested-sweeps';
import { SweepsController } from './sweeps/sweeps.controller';

/** The API process: controllers, and the one filter, pipe and chain of guards that every request passes. */
@Module({})
export class ApiModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        ConfigModule.forRoot(config),
        DatabaseModule,
        AuditModule,
        IdentityModule,
        QueuesModule.forRoot(config),
        InventoryModule,
        SagaModule,
        ProvisioningModule,
        ProviderBillingModule,
        DriftModule,
        DigitalOceanModule,
        DiscoveryModule,
      ],
      controllers: [
        HealthController,
        InventoryController,
        InventoryCsvController,
        ProjectsController,
        SweepsController,
        SagasController,
        DriftController,
        DriftRulesController,
        AdoptController,
        BillingController,
        InvoicesController,
        CostLinesController,
        AuditController,
        OpenApiController,
        DocsController,
        MetricsController,
      ],
      providers: [
        AccessDeclarations,
        AuditPages,
        BoardActions,
        KeepAliveDrainer,
        QueueBoard,
        Readiness,
        RequestedIngests,
        RequestedSweeps,
        DocumentedInputPipe,
        RevertRequests,
        SagaWakeup,
        SagaRequests,
        Routes,
        SchemaGate,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useExisting: DocumentedInputPipe },
        // In this order: who may call, is the input declared, is there a schema to work on.
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_GUARD, useClass: UndeclaredInputGuard },
        { provide: APP_GUARD, useExisting: SchemaGate },
      ],
    };
  }
}
