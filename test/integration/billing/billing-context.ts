import { AuditModule } from '#libs/audit';
import { ProviderBillingModule } from '#libs/provider-billing';
import { ConfigModule, type Config } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { DigitalOceanModule } from '#libs/digitalocean';
import { InventoryModule } from '#libs/inventory';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import 'reflect-metadata';

/** Opens inventory and billing in this process, without queues and HTTP. */
export async function openBilling(config: Config): Promise<INestApplicationContext> {
  @Module({
    imports: [ConfigModule.forRoot(config), DatabaseModule, AuditModule, DigitalOceanModule, InventoryModule, ProviderBillingModule],
  })
  class BillingUnderTest {}
  return NestFactory.createApplicationContext(BillingUnderTest, { logger: ['error'] });
}
