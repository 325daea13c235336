export { kindOfProduct } from './document/line-subject';
export { BalanceSnapshots, balanceRetention, type BalanceView, type EstimateView } from './balance/balance-snapshots';
export { BillingReads } from './billing-reads';
export type { BillingReadName } from './entities/billing-read.entity';
export { FinanceClient } from './finance/finance-client';
export { FinancePush } from './finance/finance-push';
export { BillingHistory, type HistoryFilters } from './history/billing-history';
export { InvoiceIngest } from './ingest/invoice-ingest';
export { InvoiceLedger } from './invoices/invoice-ledger';
export { InvoiceService } from './invoices/invoice.service';
export {
  BalanceNotReadError,
  InvoiceNotFoundError,
  InvoiceNotReleasableError,
  ReadPostponedError,
  UnreadableDocumentError,
} from './provider-billing.errors';
export { ProviderBillingModule } from './provider-billing.module';
export { CostLineReader, GROUPS, type CostLineFilters, type CostLineView, type Group } from './queries/cost-line-reader';
export { InvoiceReader, type InvoiceFilters, type InvoiceView } from './queries/invoice-reader';
