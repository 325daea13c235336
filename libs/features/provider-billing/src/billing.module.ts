import { databaseGauges } from '#libs/database';
import { InventoryModule } from '#libs/inventory';
import { Module } from '@nestjs/common';
import { BalanceSnapshots } from './balance/balance-snapshots';
import { BILLING_GAUGES } from './billing.gauges';
import { FinanceClient } from './finance/finance-client';
import { FinanceInvoices } from './finance/finance-invoice';
import { FinanceOutbox } from './finance/finance-outbox';
import { FinancePush } from './finance/finance-push';
import { BillingHistory } from './history/billing-history';
import { InvoiceIngest } from './ingest/invoice-ingest';
import { InventoryReadiness } from './ingest/known-inventory';
import { LineSets } from './ingest/line-set';
import { InvoiceLedger } from './invoices/invoice-ledger';
import { InvoiceRequests } from './invoices/invoice-requests';
import { ProviderInvoices } from './provider/provider-invoices';
import { BillingCompleteness } from './reads/billing-completeness';
import { CostLineReader } from './reads/cost-line-reader';
import { CostSummaries } from './reads/cost-summary';
import { EstimateReader } from './reads/estimate-reader';
import { HistoryReader } from './reads/history-reader';
import { InvoiceReader } from './reads/invoice-reader';

const OFFERED = [
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
  InvoiceRequests,
  InventoryReadiness,
];

/** Expects the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [InventoryModule],
  providers: [
    ...OFFERED,
    BillingCompleteness,
    FinanceClient,
    FinanceInvoices,
    FinanceOutbox,
    LineSets,
    ProviderInvoices,
    databaseGauges(BILLING_GAUGES),
  ],
  exports: OFFERED,
})
export class ProviderBillingModule {}
