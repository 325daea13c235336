import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { AuditModule } from '#libs/audit';
import { ConfigModule, type Config } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { DigitalOceanModule } from '#libs/digitalocean';
import { IdentityModule } from '#libs/identity';
import { QueuesModule } from '#libs/queues';
import { AuditApiModule } from './audit/audit.module';
import { AccessGuard } from './auth/access.guard';
import { AuthModule } from './auth/auth.module';
import { BillingApiModule } from './billing/billing.module';
import { DriftApiModule } from './drift/drift.module';
import { HealthApiModule } from './health/health.module';
import { SchemaGate } from './health/schema-gate';
import { KeepAliveDrainer } from './http/keep-alive-drainer';
import { ProblemFilter } from './http/problem.filter';
import { UndeclaredInputGuard } from './http/undeclared-input.guard';
import { InputValidationPipe } from './http/validation.pipe';
import { FastListModule } from './inventory/fast-list/fast-list.module';
import { InventoryApiModule } from './inventory/inventory.module';
import { MetricsApiModule } from './metrics/metrics.module';
import { OpenApiModule } from './openapi/openapi.module';
import { ProjectsApiModule } from './projects/projects.module';
import { QueueBoardModule } from './queue-board/queue-board.module';
import { SagasApiModule } from './sagas/sagas.module';
import { SweepsApiModule } from './sweeps/sweeps.module';

const FEATURES = [
  HealthApiModule,
  FastListModule,
  InventoryApiModule,
  ProjectsApiModule,
  SweepsApiModule,
  SagasApiModule,
  DriftApiModule,
  BillingApiModule,
  AuditApiModule,
  OpenApiModule,
  MetricsApiModule,
  QueueBoardModule,
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
        IdentityModule,
        QueuesModule.forRoot(config),
        DigitalOceanModule,
        AuthModule,
        ...FEATURES,
      ],
      providers: [
        KeepAliveDrainer,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: InputValidationPipe },
        // The order matters: first the caller's access, then undeclared input, then the schema.
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_GUARD, useClass: UndeclaredInputGuard },
        { provide: APP_GUARD, useExisting: SchemaGate },
      ],
    };
  }
}
