export { charactersWithoutGlyph } from './documents/document-font';
export { DocumentFiles, PDF, type DocumentRef, type PrintedDocument } from './documents/document-files';
export { DocumentSealer, roundTogether, type SealedDocument } from './documents/document-sealer';
export { ProofKey, ProofKeys } from './documents/proof-key';
export type {
  DocumentKind,
  DocumentLine,
  DocumentParty,
  DocumentTax,
  LineOrigin,
  TaxCategory,
  TenantDocument,
} from './pricing/tenant-document';
export { verifyPdf, type VerifiedPdf } from './documents/verify-pdf';
export { figuresProblem, ProofInvalidError, verifyIssuerProof, verifyTenantProof } from './documents/verify-proof';
export type { TaxId } from './entities/billing-issuer.entity';
export { AUTO_MODES, type AutoMode, type TaxIdEvidence } from './entities/billing-profile.entity';
export {
  BillingProfiles,
  DEFAULT_ISSUER,
  type IssuerFields,
  type IssuerView,
  type ProfileFields,
  type ProfileProblem,
  type ProfileView,
} from './profiles/billing-profiles';
export { MOST_LOGO_BYTES } from './documents/logo-picture';
export { IssuerLogos } from './profiles/issuer-logos';
export {
  RateAssignments,
  type AssignmentView,
  type CardMonthsView,
  type CardTenantView,
  type OverrideInput,
  type OverrideView,
  type TenantRateCardView,
} from './rates/rate-assignments';
export {
  RateCardService,
  type RateCardChange,
  type RateCardVersionView,
  type RateCardView,
  type RateInput,
  type VersionInput,
} from './rates/rate-card.service';
export { BillingPush } from './invoices/billing-push';
export {
  BULK_VERBS,
  BulkInvoiceService,
  MOST_INVOICES,
  type BulkInvoiceReport,
  type BulkInvoiceResult,
  type BulkInvoices,
  type BulkVerb,
} from './invoices/bulk-invoices';
export { INVOICE_ACTIONS } from './invoices/invoice-verbs';
export { DraftChanges, type DraftChangesView, type LineChangeView } from './invoices/draft-changes';
export { FxRates, type FxRateInput, type FxRateView } from './invoices/fx-rates';
export type { BuildReport } from './invoices/invoice-builder';
export {
  INVOICE_SORTS,
  TenantInvoiceReader,
  type InvoiceSort,
  type TenantInvoiceFilters,
  type TenantInvoiceLineView,
  type TenantInvoiceView,
} from './invoices/invoice-reader';
export { InvoiceIssue } from './invoices/invoice-issue';
export { TenantInvoiceService, type Adjust, type ManualLine } from './invoices/invoice.service';
export {
  INVOICE_STATUSES,
  INVOICE_VERBS,
  PAYMENT_STATUSES,
  TAX_STATUSES,
  type InvoiceProblem,
  type InvoiceStatus,
  type InvoiceVerb,
  type PaymentStatus,
  type TaxStatus,
} from './pricing/invoice.states';
export { INVOICE_KINDS } from './entities/tenant-invoice.entity';
export type { MonthlyTerms, RateModel } from './pricing/rate-model';
export type { Rate, Selector } from './pricing/selector';
export {
  BillingRunService,
  RUN_TENANT_STATES,
  type BillingRunDetail,
  type BillingRunView,
  type RunTenantState,
  type RunTenantView,
} from './rating/billing-run.service';
export { PoolService, type PoolChange, type PoolView } from './rating/pool.service';
export { POOL_METHODS, POOLS, type PoolMethod, type PoolName } from './pricing/pools';
export { PNL_GROUPS, ProfitAndLoss, type PnlFigures, type PnlGroup, type PnlView } from './rating/profit-and-loss';
export { RatingService, type TenantTotal } from './rating/rating.service';
export { RUN_STATUSES, type RunFailure, type RunProblem, type RunStatus, type RunTotals } from './pricing/run.states';
export { RunNotClaimableError } from './tenant-billing.errors';
export { TenantBillingModule } from './tenant-billing.module';
export { TAX_ID_STATES, TAX_PLACES, type TaxIdState, type TaxPlace, type TaxWhen } from './entities/tax-rule.entity';
export { TaxRules, type TaxRuleChange, type TaxRuleInput, type TaxRuleView } from './tax/tax-rules';
export { TAX_SETS, type TaxSet } from './tax/tax-sets';
export { LOGO_TYPES, TAX_CATEGORIES } from './pricing/tenant-document';
export { DUNNING_ACTIONS, REQUEST_STATUSES, type DunningAction, type DunningStep, type RequestStatus } from './entities/dunning.entity';
export { PAYMENT_KINDS, type PaymentKind } from './entities/payment.entity';
export { ENTRY_CAUSES, LOT_SOURCES, WALLET_KINDS, type EntryCause, type LotSource, type WalletKind } from './entities/wallet.entity';
export { CreditNotes, type CreditNoteLineView, type CreditNoteView, type NewCreditNote } from './money/credit-notes';
export { Dunning, type DunningPolicyView } from './dunning/dunning';
export { NotificationRequests, type NewNotification, type NotificationRequestView } from './dunning/notification-requests';
export { RequestQueue, type ClaimedRequest } from './dunning/request-queue';
export { Payments, type NewPayment, type PaymentView } from './money/payments';
export { WalletBalances, type WalletBalanceView } from './wallets/wallet-balances';
export { Wallets, type WalletEntryView, type WalletGrant } from './wallets/wallets';
