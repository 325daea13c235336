import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Tenant, TenantClosure } from './entities/tenant.entity';
import { TenantLimits } from './limits/tenant-limits';
import { TenantLimitsRow } from './entities/tenant-limits.entity';
import { TenantRegistry } from './tenant-registry';
import { TenantUsage } from './tenant-usage';
import { TenantWriter } from './tenant-writer';

const SERVICES = [TenantLimits, TenantRegistry, TenantUsage, TenantWriter];

/** Expects the global modules of config, database and audit. */
@Module({ imports: [TypeOrmModule.forFeature([Tenant, TenantClosure, TenantLimitsRow])], providers: SERVICES, exports: SERVICES })
export class TenantsModule {}
