import { CostsModule } from '#libs/costs';
import { CatalogModule } from '#libs/catalog';
import { InventoryModule } from '#libs/inventory';
import { ProviderBillingModule } from '#libs/provider-billing';
import { TenantsModule } from '#libs/tenants';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { databaseGauges } from '#libs/database';
import { DOCUMENT_METRICS, DocumentFiles } from './documents/document-files';
import { DocumentSealer } from './documents/document-sealer';
import { ProofKeys } from './documents/proof-key';
import { BillingIssuer } from './entities/billing-issuer.entity';
import { BillingPool } from './entities/billing-pool.entity';
import { BillingProfile } from './entities/billing-profile.entity';
import { BillingRun } from './entities/billing-run.entity';
import { BillingOutboxMessage } from './entities/billing-outbox-message.entity';
import { DocumentFile, UnprintedDocument } from './entities/document-file.entity';
import { DocumentOrigins, FrozenDocument } from './entities/tenant-document.entity';
import { FxRate } from './entities/fx-rate.entity';
import { IssuerLogo } from './entities/issuer-logo.entity';
import { NumberSeries } from './entities/number-series.entity';
import { TenantInvoice } from './entities/tenant-invoice.entity';
import { TenantInvoiceLine } from './entities/tenant-invoice-line.entity';
import { DefaultRateCard, RateCard } from './entities/rate-card.entity';
import { RateCardVersion } from './entities/rate-card-version.entity';
import { RateOverride } from './entities/rate-override.entity';
import { RateRow } from './entities/rate.entity';
import { RatedLine } from './entities/rated-line.entity';
import { TaxRule } from './entities/tax-rule.entity';
import { TenantRateCard } from './entities/tenant-rate-card.entity';
import { CreditNote, CreditNoteLine } from './entities/credit-note.entity';
import { DunningPolicy, NotificationRequest, OverdueInvoice, TakenDunningStep } from './entities/dunning.entity';
import { Payment } from './entities/payment.entity';
import { WalletEntry, WalletLot } from './entities/wallet.entity';
import { BillingProfiles } from './profiles/billing-profiles';
import { IssuerLogos } from './profiles/issuer-logos';
import { BillingPush } from './invoices/billing-push';
import { BulkInvoiceService } from './invoices/bulk-invoices';
import { FrozenDocuments } from './invoices/frozen-documents';
import { FxRates } from './invoices/fx-rates';
import { DraftChanges } from './invoices/draft-changes';
import { InvoiceBuilder } from './invoices/invoice-builder';
import { InvoiceIssue } from './invoices/invoice-issue';
import { TenantInvoiceReader } from './invoices/invoice-reader';
import { TenantInvoiceService } from './invoices/invoice.service';
import { InvoiceVerbs } from './invoices/invoice-verbs';
import { CreditNotes } from './money/credit-notes';
import { Dunning } from './dunning/dunning';
import { NotificationRequests } from './dunning/notification-requests';
import { OverdueInvoices } from './dunning/overdue-invoices';
import { RequestQueue } from './dunning/request-queue';
import { Payments } from './money/payments';
import { ScopedLists } from './wallets/scoped-lists';
import { WalletBalances } from './wallets/wallet-balances';
import { Wallets } from './wallets/wallets';
import { CardPrices, PricePlanReader } from './rates/price-plan-reader';
import { RateAssignments } from './rates/rate-assignments';
import { RateCardService } from './rates/rate-card.service';
import { BillingRunService } from './rating/billing-run.service';
import { PoolService } from './rating/pool.service';
import { ProfitAndLoss } from './rating/profit-and-loss';
import { TenantAccrualRating } from './rating/accrual-rating';
import { RatingService } from './rating/rating.service';
import { TaxRules } from './tax/tax-rules';

const ENTITIES = [
  BillingIssuer,
  BillingOutboxMessage,
  BillingPool,
  BillingProfile,
  BillingRun,
  CreditNote,
  CreditNoteLine,
  DefaultRateCard,
  DocumentFile,
  DocumentOrigins,
  DunningPolicy,
  FrozenDocument,
  FxRate,
  IssuerLogo,
  NotificationRequest,
  NumberSeries,
  OverdueInvoice,
  Payment,
  RateCard,
  RateCardVersion,
  RateOverride,
  RateRow,
  RatedLine,
  TenantInvoice,
  TenantInvoiceLine,
  TakenDunningStep,
  TaxRule,
  TenantRateCard,
  UnprintedDocument,
  WalletEntry,
  WalletLot,
];
const SERVICES = [
  BillingProfiles,
  BillingPush,
  BillingRunService,
  BulkInvoiceService,
  CreditNotes,
  DocumentFiles,
  DraftChanges,
  DocumentSealer,
  Dunning,
  FxRates,
  InvoiceIssue,
  IssuerLogos,
  NotificationRequests,
  Payments,
  PoolService,
  ProfitAndLoss,
  ProofKeys,
  RateAssignments,
  RateCardService,
  RatingService,
  RequestQueue,
  TaxRules,
  TenantInvoiceReader,
  TenantInvoiceService,
  WalletBalances,
  Wallets,
];

/** Needs the global modules of config, database, audit and digitalocean. */
@Module({
  imports: [TypeOrmModule.forFeature(ENTITIES), CatalogModule, TenantsModule, InventoryModule, ProviderBillingModule, CostsModule],
  providers: [
    ...SERVICES,
    databaseGauges(DOCUMENT_METRICS),
    CardPrices,
    FrozenDocuments,
    InvoiceBuilder,
    InvoiceVerbs,
    OverdueInvoices,
    PricePlanReader,
    ScopedLists,
    TenantAccrualRating,
  ],
  exports: SERVICES,
})
export class TenantBillingModule {}
