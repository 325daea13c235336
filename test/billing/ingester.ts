import { AuditModule } from '#libs/audit';
import { BillingModule, InvoiceIngest } from '#libs/billing';
import { ConfigModule, loadConfig } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { DigitalOceanModule } from '#libs/digitalocean';
import { InventoryModule } from '#libs/inventory';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import 'reflect-metadata';

/** Ingests one invoice again and again until it is killed; its settings are those of a worker. Tells its parent of each end. */
async function main(): Promise<void> {
  @Module({
    imports: [
      ConfigModule.forRoot(loadConfig(process.env)),
      DatabaseModule,
      AuditModule,
      DigitalOceanModule,
      InventoryModule,
      BillingModule,
    ],
  })
  class Ingester {}
  const context = await NestFactory.createApplicationContext(Ingester, { logger: ['error'] });
  const ingest = context.get(InvoiceIngest, { strict: false });
  for (;;) {
    const report = await ingest.run(process.env.INVOICE_ID ?? '').catch((error: unknown) => ({ error: String(error) }));
    process.send?.(report);
  }
}

void main();
