import { IsOptional, IsUUID, Matches, MaxLength } from 'class-validator';
import type { Principal } from '#libs/identity';
import { ENTRY_CAUSES, LOT_SOURCES, PAYMENT_KINDS, REQUEST_STATUSES, WALLET_KINDS, type RequestStatus } from '#libs/tenant-billing';
import { OtherTenantError } from '../auth/auth.errors';
import { PageQuery } from '../http/http.dto';
import { IsDay, IsNotBlank, IsOneOf, IsTenantId } from '../http/input.decorators';
import { ApiInput } from '../http/swagger.decorators';

export const CURRENCY = /^[A-Z]{3}$/;
export const CURRENCY_TEXT = { message: '$property must be a currency of three letters, such as USD' };

/** The filters that the lists of money have in common. */
class MoneyQuery extends PageQuery {
  @ApiInput('Of this tenant', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Of this invoice')
  @IsOptional()
  @IsUUID()
  readonly invoice_id?: string;

  @ApiInput('In this currency', { example: 'USD' })
  @IsOptional()
  @Matches(CURRENCY, CURRENCY_TEXT)
  readonly currency?: string;

  /** Throws `OtherTenantError` for a tenant that asks for another one. */
  protected toCommon(by: Principal) {
    const { tenant_id, invoice_id, currency } = this;
    if (by.role === 'tenant' && tenant_id !== undefined && tenant_id !== by.tenantId) throw new OtherTenantError();
    return { tenant_id, invoice_id, currency };
  }
}

export class PaymentsQuery extends MoneyQuery {
  @ApiInput('Payments of this kind')
  @IsOptional()
  @IsOneOf(PAYMENT_KINDS)
  readonly kind?: string;

  @ApiInput('The payment with this reference', { example: 'BANK-2026-118' })
  @IsOptional()
  @MaxLength(200)
  @IsNotBlank()
  readonly reference?: string;

  @ApiInput('Payments of this day', { example: '2026-11-30' })
  @IsOptional()
  @IsDay()
  readonly received_on?: string;

  @ApiInput('Returns of this payment')
  @IsOptional()
  @IsUUID()
  readonly payment_id?: string;

  toFilters(by: Principal) {
    const { kind, reference, received_on, payment_id: returns_id } = this;
    return defined({ ...this.toCommon(by), kind, reference, received_on, returns_id });
  }
}

export class CreditNotesQuery extends MoneyQuery {
  @ApiInput('The credit note with this number', { example: 'CN-INV-3' })
  @IsOptional()
  @MaxLength(60)
  @IsNotBlank()
  readonly number?: string;

  @ApiInput('Credit notes of this day', { example: '2026-11-30' })
  @IsOptional()
  @IsDay()
  readonly issued_on?: string;

  toFilters(by: Principal) {
    const { number, issued_on } = this;
    return defined({ ...this.toCommon(by), number, issued_on });
  }
}

export class WalletsQuery extends PageQuery {
  @ApiInput('Wallets of this tenant; a tenant gets its own in any case', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Money wallets or promotion wallets')
  @IsOptional()
  @IsOneOf(WALLET_KINDS)
  readonly kind?: string;

  @ApiInput('In this currency', { example: 'USD' })
  @IsOptional()
  @Matches(CURRENCY, CURRENCY_TEXT)
  readonly currency?: string;

  /** Throws `OtherTenantError` for a tenant that asks for another one. */
  toFilters(by: Principal) {
    const { tenant_id, kind, currency } = this;
    if (by.role === 'tenant' && tenant_id !== undefined && tenant_id !== by.tenantId) throw new OtherTenantError();
    return defined({ tenant_id, kind, currency });
  }
}

export class WalletEntriesQuery extends PageQuery {
  @ApiInput('Entries of the money wallet or the promotion wallet')
  @IsOptional()
  @IsOneOf(WALLET_KINDS)
  readonly kind?: string;

  @ApiInput('Entries of granted or purchased lots')
  @IsOptional()
  @IsOneOf(LOT_SOURCES)
  readonly source?: string;

  @ApiInput('Entries with this cause')
  @IsOptional()
  @IsOneOf(ENTRY_CAUSES)
  readonly cause?: string;

  @ApiInput('In this currency', { example: 'USD' })
  @IsOptional()
  @Matches(CURRENCY, CURRENCY_TEXT)
  readonly currency?: string;

  @ApiInput('Of this invoice')
  @IsOptional()
  @IsUUID()
  readonly invoice_id?: string;

  @ApiInput('Of this credit note')
  @IsOptional()
  @IsUUID()
  readonly credit_note_id?: string;

  @ApiInput('Of this payment')
  @IsOptional()
  @IsUUID()
  readonly payment_id?: string;

  @ApiInput('Of this lot')
  @IsOptional()
  @IsUUID()
  readonly lot_id?: string;

  toFilters() {
    const { kind, source, cause, currency, invoice_id, credit_note_id, payment_id, lot_id } = this;
    return defined({ kind, source, cause, currency, invoice_id, credit_note_id, payment_id, lot_id });
  }
}

export class NotificationRequestsQuery extends PageQuery {
  @ApiInput('About this tenant', { example: 'acme' })
  @IsOptional()
  @IsTenantId()
  readonly tenant_id?: string;

  @ApiInput('Requests of this kind', { example: 'dunning_remind' })
  @IsOptional()
  @Matches(/^[a-z_]{1,60}$/, { message: '$property must be a kind such as dunning_remind' })
  readonly kind?: string;

  @ApiInput('Requests with this status', { example: 'waiting' })
  @IsOptional()
  @IsOneOf(REQUEST_STATUSES)
  readonly status?: RequestStatus;

  @ApiInput('`true`: delivered ones; `false`: all others')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly delivered?: string;

  toFilters() {
    const { tenant_id, kind, status, delivered } = this;
    return { ...defined({ tenant_id, kind, status }), ...(delivered !== undefined && { delivered: delivered === 'true' }) };
  }
}

/** The filters that were given. */
function defined<T extends object>(filters: T): Partial<T> {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)) as Partial<T>;
}
