import { domainError } from '#libs/kernel';

export class IssuerNotFoundError extends domainError('issuer_not_found', 'not_found', 'There is no such issuer') {}

export class LogoNotFoundError extends domainError('logo_not_found', 'not_found', 'The issuer has no logo') {}

export class RateCardNotFoundError extends domainError('rate_card_not_found', 'not_found', 'There is no rate card with this id') {}

export class RateCardVersionNotFoundError extends domainError(
  'rate_card_version_not_found',
  'not_found',
  'The rate card has no version with this number',
) {}

export class RateCardExistsError extends domainError(
  'rate_card_exists',
  'conflict',
  (name: string) => `There is a rate card with the name ${name} already`,
) {}

/** A published version never changes; a new version from a later month on takes its place. */
export class VersionPublishedError extends domainError(
  'version_published',
  'conflict',
  (version: number) => `Version ${version} of the rate card is published and never changes; create a new version`,
) {}

export class MonthTakenError extends domainError(
  'month_taken',
  'conflict',
  (month: string) => `Another version of the rate card is published from ${month} on already; choose another month`,
) {}

/** What was issued keeps its prices; another default counts from a later month on. */
export class MonthIssuedError extends domainError(
  'month_issued',
  'conflict',
  (month: string) => `Invoices of ${month} are issued already, and another default card would change their prices; choose a later month`,
) {}

export class RateOverrideNotFoundError extends domainError(
  'rate_override_not_found',
  'not_found',
  'There is no rate override with this id',
) {}

export class BillingRunNotFoundError extends domainError('billing_run_not_found', 'not_found', 'There is no billing run with this id') {}

export class TaxRuleNotFoundError extends domainError('tax_rule_not_found', 'not_found', 'There is no tax rule with this id') {}

/** Another worker has claimed the run, or it has ended. */
export class RunNotClaimableError extends domainError(
  'billing_run_not_claimable',
  'conflict',
  'The billing run is being worked on by another worker, or it has ended',
) {}

/** A month that was never rated has no result. */
export class NotRatedError extends domainError(
  'not_rated',
  'conflict',
  (month: string) => `The month ${month} is not rated yet; start a billing run for it with POST /api/v1/billing-runs`,
) {}

/** The row changed since the caller read it. */
export class VersionMovedError extends domainError(
  'version_moved',
  'conflict',
  (version: number) => `It was changed meanwhile and has version ${version} now; read it again`,
) {}

export class PaymentNotFoundError extends domainError(
  'payment_not_found',
  'not_found',
  'The invoice has no received payment with this id; see GET /api/v1/payments',
) {}

/** Two payments never have one reference, so a repeated report of the bank changes nothing. */
export class ReferenceTakenError extends domainError(
  'reference_taken',
  'conflict',
  (reference: string) => `A payment with the reference ${reference} is recorded already; look for it in GET /api/v1/payments`,
) {}

export class PaymentNotReturnableError extends domainError(
  'payment_not_returnable',
  'conflict',
  (reference: string, most: string) =>
    `At most ${most} of the payment ${reference} can be returned; the rest is returned already, or was spent from the wallet`,
) {}

/** More than is left of a line or of the invoice. */
export class NotCreditableError extends domainError(
  'not_creditable',
  'conflict',
  (what: string, left: string) => `At most ${left} of ${what} can still be credited`,
) {}

export class TenantInvoiceNotFoundError extends domainError(
  'tenant_invoice_not_found',
  'not_found',
  'There is no invoice with this id that you may see',
) {}

/** The reasons are those of the month: invoices of the provider, days of grace, the rating. */
export class PeriodNotReadyError extends domainError(
  'period_not_ready',
  'conflict',
  (month: string, reasons: readonly { readonly detail: string }[]) =>
    `Invoices of ${month} cannot be built yet: ${reasons
      .slice(0, 5)
      .map(({ detail }) => detail)
      .join('; ')}`,
) {}

/** The status of the invoice, a payment or a critical problem stands against the verb. */
export class VerbNotPossibleError extends domainError(
  'verb_not_possible',
  'conflict',
  (verb: string, why: string) => `The invoice cannot be changed by ${verb}: ${why}`,
) {}

/** Lines, profiles, rates or tax rules changed since the draft was built. */
export class DraftOutdatedError extends domainError(
  'draft_outdated',
  'conflict',
  'What the draft was built from has changed since; refresh it, look at it again, and approve it then',
) {}

/** Numbers follow the days on the documents. */
export class EarlierIssueDateError extends domainError(
  'issued_on_too_early',
  'conflict',
  (day: string) =>
    `A document with a later day than ${day} has the last number already, and numbers follow the days of issue; choose the day of the last number or a later one`,
) {}

export class DocumentNotFoundError extends domainError(
  'document_not_found',
  'not_found',
  'There is no such document that you may see; an invoice has one once it is issued, and a second one when it is made void',
) {}

/** A worker prints each document soon after the issue. */
export class DocumentPendingError extends domainError(
  'document_pending',
  'conflict',
  'The document is issued and not printed yet; ask again in a few seconds',
  { retryAfterMs: 3_000 },
) {}

/** The second computation of the totals disagrees with the first: a bug. Nothing was issued. */
export class TotalsDifferError extends domainError(
  'totals_differ',
  'conflict',
  (problem: string) => `The second computation of the totals disagrees: ${problem}; take the approval back and refresh the invoice`,
) {}
