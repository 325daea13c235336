import {
  DUNNING_ACTIONS,
  ENTRY_CAUSES,
  LOT_SOURCES,
  PAYMENT_KINDS,
  REQUEST_STATUSES,
  TAX_CATEGORIES,
  WALLET_KINDS,
  type CreditNoteLineView,
  type CreditNoteView,
  type DunningAction,
  type DunningPolicyView,
  type DunningStep,
  type EntryCause,
  type LotSource,
  type NotificationRequestView,
  type PaymentKind,
  type PaymentView,
  type RequestStatus,
  type TaxCategory,
  type WalletBalanceView,
  type WalletEntryView,
  type WalletKind,
} from '#libs/tenant-billing';
import {
  ApiAnyObject,
  ApiCount,
  ApiDate,
  ApiEnum,
  ApiListOf,
  ApiObject,
  ApiText,
  ApiTextList,
  ApiTime,
  ApiUuid,
  ApiWhole,
} from '../http/swagger.decorators';

const NULLABLE = { nullable: true } as const;
const AMOUNT = { example: '120.00' } as const;

/** A payment of an invoice, or the return of one. */
export class PaymentResponse implements PaymentView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiUuid('The invoice')
  readonly invoice_id: string;

  @ApiText('Its number', { ...NULLABLE, example: 'INV-00042' })
  readonly invoice_number: string | null;

  @ApiText('Tenant', { example: 'acme' })
  readonly tenant_id: string;

  @ApiEnum(PAYMENT_KINDS, '`received`: the tenant paid; `refunded`: it was paid back; `reversed`: the bank took it back')
  readonly kind: PaymentKind;

  @ApiText('Amount', AMOUNT)
  readonly amount: string;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: string;

  @ApiText('Reference of the bank or the payment service', { example: 'BANK-2026-118' })
  readonly reference: string;

  @ApiDate('The day')
  readonly received_on: string;

  @ApiUuid('The received payment that it returns', NULLABLE)
  readonly payment_id: string | null;

  @ApiText('Lowered what is due; of a return: raised it again', AMOUNT)
  readonly to_due: string;

  @ApiText('Went to the money wallet; of a return: came from there', AMOUNT)
  readonly to_wallet: string;

  @ApiText('Of a return: what credit notes promised to pay back', AMOUNT)
  readonly to_refund: string;

  @ApiText('Why, for admins only', NULLABLE)
  readonly reason: string | null;

  @ApiTime('Time of the record')
  readonly created_at: string;
}

/** A line of a credit note. */
export class CreditNoteLineResponse implements CreditNoteLineView {
  @ApiWhole('Number of the line of the invoice')
  readonly line_no: number;

  @ApiText('What is credited')
  readonly description: string;

  @ApiText('Net', AMOUNT)
  readonly net: string;

  @ApiEnum(TAX_CATEGORIES, 'Category of the tax of the line')
  readonly tax_category: TaxCategory;

  @ApiText('Percent', { example: '19' })
  readonly tax_rate: string;
}

/** Where the part of a credit note goes that does not lower what is due. */
export class CreditRestResponse {
  @ApiText('To be paid back', AMOUNT)
  readonly refund: string;

  @ApiText('Into the money wallet', AMOUNT)
  readonly wallet: string;

  @ApiText('Settled elsewhere', AMOUNT)
  readonly out_of_band: string;
}

/** A credit note. */
export class CreditNoteResponse implements CreditNoteView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiText('Number', { example: 'CN-INV-3' })
  readonly number: string;

  @ApiUuid('The invoice')
  readonly invoice_id: string;

  @ApiText('Its number', { ...NULLABLE, example: 'INV-00042' })
  readonly invoice_number: string | null;

  @ApiText('Tenant', { example: 'acme' })
  readonly tenant_id: string;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: string;

  @ApiListOf(() => CreditNoteLineResponse, 'Its lines')
  readonly lines: readonly CreditNoteLineResponse[];

  @ApiText('Net', AMOUNT)
  readonly net: string;

  @ApiText('Tax, at the rates of the invoice', AMOUNT)
  readonly tax: string;

  @ApiText('Total', AMOUNT)
  readonly total: string;

  @ApiText('By how much it lowered what was due', AMOUNT)
  readonly lowers_due: string;

  @ApiObject(() => CreditRestResponse, 'Where the other part goes')
  readonly rest: CreditRestResponse;

  @ApiText('Why, as the document prints it')
  readonly reason: string;

  @ApiDate('Date of issue')
  readonly issued_on: string;

  @ApiTime('Time of issue')
  readonly created_at: string;
}

/** What a wallet has now. */
export class WalletBalanceResponse implements WalletBalanceView {
  @ApiText('Tenant', { example: 'acme' })
  readonly tenant_id: string;

  @ApiEnum(WALLET_KINDS, '`money` pays what is due, after tax; `promotion` lowers the net, before tax')
  readonly kind: WalletKind;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: string;

  @ApiText('What is left in it, without what has expired', AMOUNT)
  readonly balance: string;

  @ApiTime('When the first part of it expires', NULLABLE)
  readonly expires_at: string | null;
}

/** A movement of a wallet. */
export class WalletEntryResponse implements WalletEntryView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiText('Tenant', { example: 'acme' })
  readonly tenant_id: string;

  @ApiUuid('The lot that got more or less')
  readonly lot_id: string;

  @ApiEnum(WALLET_KINDS, '`money` pays what is due, after tax; `promotion` lowers the net, before tax')
  readonly kind: WalletKind;

  @ApiEnum(LOT_SOURCES, 'Whether the lot was given or paid for')
  readonly source: LotSource;

  @ApiText('Currency', { example: 'USD' })
  readonly currency: string;

  @ApiText('Below zero where the lot got less', { example: '-20.00' })
  readonly amount: string;

  @ApiEnum(ENTRY_CAUSES, 'Why')
  readonly cause: EntryCause;

  @ApiUuid('The invoice that it was applied to or came from', NULLABLE)
  readonly invoice_id: string | null;

  @ApiText('The number of that invoice', { ...NULLABLE, example: 'INV-00042' })
  readonly invoice_number: string | null;

  @ApiUuid('The credit note that it came from', NULLABLE)
  readonly credit_note_id: string | null;

  @ApiUuid('The payment that it came from or was returned with', NULLABLE)
  readonly payment_id: string | null;

  @ApiTime('When the lot expires', NULLABLE)
  readonly expires_at: string | null;

  @ApiText('Why it was granted', NULLABLE)
  readonly reason: string | null;

  @ApiTime('Time')
  readonly created_at: string;
}

/** A step of the reminding of an overdue invoice. */
export class DunningStepResponse implements DunningStep {
  @ApiCount('Days after the due date')
  readonly after_days: number;

  @ApiEnum(DUNNING_ACTIONS, 'What happens; nothing suspends or deletes by itself')
  readonly action: DunningAction;
}

/** How an issuer reminds. */
export class DunningPolicyResponse implements DunningPolicyView {
  @ApiText('The issuer', { example: 'default' })
  readonly issuer_id: string;

  @ApiListOf(() => DunningStepResponse, 'The steps, by day')
  readonly steps: readonly DunningStepResponse[];

  @ApiCount('Rises with every change; 0 as installed')
  readonly version: number;

  @ApiText('Who changed it last; null as installed', NULLABLE)
  readonly changed_by: string | null;
}

/** Something that a person should be told. */
export class NotificationRequestResponse implements NotificationRequestView {
  @ApiUuid('Id')
  readonly id: string;

  @ApiText('The tenant that it is about', NULLABLE)
  readonly tenant_id: string | null;

  @ApiText('Kind', { example: 'dunning_remind' })
  readonly kind: string;

  @ApiText('Subject of the mail')
  readonly subject: string;

  @ApiAnyObject('The facts at the time of the request, such as the invoice and its open amount')
  readonly payload: object;

  @ApiTime('Time of the request')
  readonly created_at: string;

  @ApiEnum(REQUEST_STATUSES, '`waiting`, `delivered`, `not_needed` (the invoice was settled before) or `failed` (after the last attempt)', {
    example: 'delivered',
  })
  readonly status: RequestStatus;

  @ApiCount('Attempts that have failed', { example: 0 })
  readonly attempts: number;

  @ApiTime('Time of the next attempt; null when there is none', NULLABLE)
  readonly next_attempt_at: string | null;

  @ApiText(
    'Why it is not delivered: `no_receiver` means that the billing profile has no `email`, or that no admin subscribes; `mail_not_configured` that the operator must set SMTP_URL',
    NULLABLE,
  )
  readonly error_code: string | null;

  @ApiTextList('The receivers that have it: `mail <address>` or `chat of <subscriber>`', { example: ['mail billing@acme.example'] })
  readonly delivered_to: readonly string[];

  @ApiTime('Time of the delivery; null before', NULLABLE)
  readonly delivered_at: string | null;
}
