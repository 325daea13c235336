import { AccountsModule } from '#libs/accounts';
import { databaseGauges } from '#libs/database';
import { InventoryModule } from '#libs/inventory';
import { Module } from '@nestjs/common';
import { BalanceSnapshots } from './balance/balance-snapshots';
import { FinanceClient } from './finance/finance-client';
import { FinanceInvoiceReader } from './finance/finance-invoice-reader';
import { FinanceOutbox } from './finance/finance-outbox';
import { FinancePush } from './finance/finance-push';
import { BillingHistory } from './history/billing-history';
import { InventoryReadiness } from './ingest/inventory-readiness';
import { InvoiceIngest } from './ingest/invoice-ingest';
import { InvoiceLineWriter } from './ingest/invoice-line-writer';
import { InvoiceLedger } from './invoices/invoice-ledger';
import { InvoiceService } from './invoices/invoice.service';
import { BILLING_METRICS } from './provider-billing.metrics';
import { ProviderInvoices } from './provider/provider-invoices';
import { BillingCompleteness } from './queries/billing-completeness';
import { CostLineReader } from './queries/cost-line-reader';
import { CostSummaries } from './queries/cost-summaries';
import { EstimateReader } from './queries/estimate-reader';
import { HistoryReader } from './queries/history-reader';
import { InvoiceReader } from './queries/invoice-reader';

const EXPORTED = [
  BalanceSnapshots,
  BillingHistory,
  CostLineReader,
  CostSummaries,
  EstimateReader,
  FinancePush,
  HistoryReader,
  InvoiceIngest,
  InvoiceLedger,
  InvoiceReader,
  InvoiceService,
  InventoryReadiness,
];

/** Needs the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [AccountsModule, InventoryModule],
  providers: [
    ...EXPORTED,
    BillingCompleteness,
    FinanceClient,
    FinanceInvoiceReader,
    FinanceOutbox,
    InvoiceLineWriter,
    ProviderInvoices,
    databaseGauges(BILLING_METRICS),
  ],
  exports: EXPORTED,
})
export class ProviderBillingModule {}
