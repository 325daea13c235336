import { AccountsModule } from '#libs/accounts';
import { CatalogModule } from '#libs/catalog';
import { databaseGauges } from '#libs/database';
import { EventsModule } from '#libs/events';
import { InventoryModule } from '#libs/inventory';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BalanceSnapshots } from './balance/balance-snapshots';
import { BillingReads } from './billing-reads';
import { BalanceSnapshot } from './entities/balance-snapshot.entity';
import { BillingHistoryEntry } from './entities/billing-history-entry.entity';
import { BillingRead } from './entities/billing-read.entity';
import { CostLine } from './entities/cost-line.entity';
import { FinanceOutboxMessage } from './entities/finance-outbox-message.entity';
import { InvoicePreview } from './entities/invoice-preview.entity';
import { Invoice } from './entities/invoice.entity';
import { FinanceClient } from './finance/finance-client';
import { FinanceInvoiceReader } from './finance/finance-invoice-reader';
import { FinancePush } from './finance/finance-push';
import { BillingHistory } from './history/billing-history';
import { InvoiceIngest } from './ingest/invoice-ingest';
import { InvoiceLineWriter } from './ingest/invoice-line-writer';
import { InvoiceLedger } from './invoices/invoice-ledger';
import { InvoiceService } from './invoices/invoice.service';
import { BILLING_METRICS } from './provider-billing.metrics';
import { ProviderInvoices } from './provider/provider-invoices';
import { CostLineReader } from './queries/cost-line-reader';
import { InvoiceReader } from './queries/invoice-reader';

const ENTITIES = [BalanceSnapshot, BillingHistoryEntry, BillingRead, CostLine, FinanceOutboxMessage, Invoice, InvoicePreview];

const EXPORTED = [
  BalanceSnapshots,
  BillingHistory,
  BillingReads,
  CostLineReader,
  FinanceClient,
  FinancePush,
  InvoiceIngest,
  InvoiceLedger,
  InvoiceReader,
  InvoiceService,
];

/** Needs the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [AccountsModule, CatalogModule, EventsModule, InventoryModule, TypeOrmModule.forFeature(ENTITIES)],
  providers: [...EXPORTED, FinanceInvoiceReader, InvoiceLineWriter, ProviderInvoices, databaseGauges(BILLING_METRICS)],
  exports: EXPORTED,
})
export class ProviderBillingModule {}
