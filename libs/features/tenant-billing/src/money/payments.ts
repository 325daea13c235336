import type { AuditContext } from '#libs/audit';
import type { Scope } from '#libs/identity';
import { Money, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CreditNote } from '../entities/credit-note.entity';
import { Payment, type PaymentKind } from '../entities/payment.entity';
import type { TenantInvoice } from '../entities/tenant-invoice.entity';
import { BillingPush } from '../invoices/billing-push';
import { InvoiceVerbs } from '../invoices/invoice-verbs';
import type { PaymentStatus } from '../pricing/invoice.states';
import { PaymentNotFoundError, PaymentNotReturnableError, ReferenceTakenError } from '../tenant-billing.errors';
import { Dunning } from '../dunning/dunning';
import { invoiceNumbers, ScopedLists, type InvoiceNumbers } from '../wallets/scoped-lists';
import { mostReturnable, splitReceived, splitReturn, type Returnable } from './split-money';
import { Wallets } from '../wallets/wallets';

export interface NewPayment {
  readonly kind: PaymentKind;
  readonly amount: string;
  readonly reference: string;
  readonly received_on: string;
  /** The payment that is returned. */
  readonly payment_id: string | null;
}

export interface PaymentView {
  readonly id: string;
  readonly invoice_id: string;
  readonly invoice_number: string | null;
  readonly tenant_id: string;
  readonly kind: PaymentKind;
  readonly amount: string;
  readonly currency: string;
  readonly reference: string;
  readonly received_on: string;
  /** The received payment that this one returns. */
  readonly payment_id: string | null;
  readonly to_due: string;
  readonly to_wallet: string;
  readonly to_refund: string;
  /** Null for tenants. */
  readonly reason: string | null;
  readonly created_at: string;
}

export interface PaymentFilters {
  readonly invoice_id?: string;
  readonly tenant_id?: string;
  readonly kind?: string;
  readonly currency?: string;
  readonly reference?: string;
  readonly received_on?: string;
  readonly returns_id?: string;
}

type Split = Pick<Payment, 'toDue' | 'toWallet' | 'toRefund'>;

const ZERO = Money.parse('0');

/** Payments of invoices and their returns: the only writer of `payments`. They are verbs of an invoice, so one at a time changes it. [TBL-5] */
@Injectable()
export class Payments {
  constructor(
    private readonly verbs: InvoiceVerbs,
    private readonly push: BillingPush,
    private readonly wallets: Wallets,
    private readonly dunning: Dunning,
    private readonly lists: ScopedLists,
  ) {}

  /** Newest first. A tenant gets its own. */
  list(scope: Scope, page: PageRequest, filters: PaymentFilters = {}): Promise<ListAnswer<PaymentView>> {
    return this.lists.list(scope, Payment, page, filters, async (rows, em) => {
      const numbers = await invoiceNumbers(em, rows);
      return rows.map((row) => paymentView(row, numbers, scope));
    });
  }

  /**
   * Records a payment. What is more than is due goes to the money wallet of the tenant. Throws like every verb, `ValidationFailedError`,
   * `ReferenceTakenError`, `PaymentNotFoundError`, and `PaymentNotReturnableError` for a return of more than is left.
   */
  async record(id: string, input: NewPayment, expectedVersion: number, because: AuditContext): Promise<TenantInvoice> {
    return this.verbs.run({ id, verb: 'pay', expectedVersion, because }, async (em, invoice) => {
      const amount = amountOf(input.amount, invoice);
      const origin = await this.originOf(em, invoice, input);
      const split: Split = origin
        ? await this.splitReturn(em, invoice, origin, amount, input.kind)
        : { ...splitReceived(amount, invoice.due), toRefund: ZERO };
      const payment = await this.insert(em, invoice, input, { ...split, amount, returnsId: origin?.id ?? null }, because);
      await this.moveWallet(em, invoice, payment, because);
      await this.push.announce(em, payment.id, payment.reference);
      const isReceived = origin === undefined;
      const due = isReceived ? invoice.due.subtract(split.toDue) : invoice.due.add(split.toDue);
      const paid = isReceived ? invoice.paid.add(split.toDue) : invoice.paid.subtract(split.toDue).subtract(split.toRefund);
      if (due.isZero()) await this.dunning.end(em, invoice, because);
      else if (invoice.due.isZero()) await this.dunning.beginAgain(em, id);
      const { kind, reference } = input;
      const amounts = { amount: amount.toText(), to_due: split.toDue.toText(), to_wallet: split.toWallet.toText() };
      const data = { payment_id: payment.id, invoice_id: id, number: invoice.number, kind, ...amounts, currency: invoice.currency };
      return {
        set: { due, paid, paymentStatus: statusAfter(invoice, { due, paid }) },
        details: { payment_id: payment.id, kind, reference, ...amounts },
        event: { type: 'payment.recorded', data },
      };
    });
  }

  /** Gives up what is due: no more reminders are sent, and a late payment still lowers it. Throws like every verb. */
  async writeOff(id: string, expectedVersion: number, because: AuditContext): Promise<TenantInvoice> {
    return this.verbs.run({ id, verb: 'write_off', expectedVersion, because }, async (em, invoice) => {
      await this.dunning.end(em, invoice, because);
      return { set: { paymentStatus: 'written_off' }, details: { due: invoice.due.toText(), currency: invoice.currency } };
    });
  }

  /** The payment that is returned; undefined for one that is received. */
  private async originOf(
    em: EntityManager,
    invoice: TenantInvoice,
    { kind, payment_id: paymentId }: NewPayment,
  ): Promise<Payment | undefined> {
    if (kind === 'received') {
      if (paymentId !== null) throw new ValidationFailedError([{ field: 'payment_id', message: 'is for refunded and reversed only' }]);
      return undefined;
    }
    if (paymentId === null)
      throw new ValidationFailedError([{ field: 'payment_id', message: 'is missing: name the received payment that is returned' }]);
    const found = await em.findOneBy(Payment, { id: paymentId, invoiceId: invoice.id, kind: 'received' });
    if (!found) throw new PaymentNotFoundError();
    return found;
  }

  private async splitReturn(em: EntityManager, invoice: TenantInvoice, origin: Payment, amount: Money, kind: PaymentKind): Promise<Split> {
    const left = await this.returnable(em, invoice, origin);
    const split = kind === 'received' ? undefined : splitReturn(amount, kind, left);
    if (!split) throw new PaymentNotReturnableError(origin.reference, `${mostReturnable(left).toAmountText()} ${invoice.currency}`);
    return split;
  }

  private async returnable(em: EntityManager, invoice: TenantInvoice, origin: Payment): Promise<Returnable> {
    const returns = await em.findBy(Payment, { returnsId: origin.id });
    const returned = Money.sum(returns.map(({ toDue, toRefund }) => toDue.add(toRefund)));
    const lot = await this.wallets.lotOfPayment(em, origin.id);
    return { toDue: origin.toDue.subtract(returned), toRefund: await openRefunds(em, invoice.id), toWallet: lot?.remaining ?? ZERO };
  }

  private async insert(
    em: EntityManager,
    { id: invoiceId, tenantId, currency }: TenantInvoice,
    { kind, reference, received_on: receivedOn }: NewPayment,
    split: Split & Pick<Payment, 'amount' | 'returnsId'>,
    { by, reason }: AuditContext,
  ): Promise<Payment> {
    const row = { invoiceId, tenantId, currency, kind, reference, receivedOn, ...split, reason: reason ?? null, createdBy: by.sub };
    const inserted = await em
      .createQueryBuilder()
      .insert()
      .into(Payment)
      .values(row)
      .orIgnore()
      .returning('id')
      .updateEntity(false)
      .execute();
    const [stored] = inserted.raw as { readonly id: string }[];
    if (!stored) throw new ReferenceTakenError(reference);
    return em.findOneByOrFail(Payment, { id: stored.id });
  }

  private async moveWallet(
    em: EntityManager,
    { id: invoiceId, tenantId, currency }: TenantInvoice,
    payment: Payment,
    { by }: AuditContext,
  ) {
    const { toWallet: amount, returnsId } = payment;
    if (amount.isZero()) return;
    const origin = { invoiceId, paymentId: payment.id, by };
    if (returnsId === null) {
      await this.wallets.addLot(
        em,
        { tenantId, kind: 'money', currency },
        { amount, source: 'purchased' },
        { ...origin, cause: 'overpayment' },
      );
      return;
    }
    const lot = await this.wallets.lotOfPayment(em, returnsId);
    if (lot) await this.wallets.enter(em, lot, amount.negate(), { ...origin, cause: 'returned' });
  }
}

/** What credit notes of an invoice promised to pay back, and no return has paid back yet. */
export async function openRefunds(em: EntityManager, invoiceId: string): Promise<Money> {
  const promised = Money.sum((await em.findBy(CreditNote, { invoiceId })).map(({ refund }) => refund));
  return promised.subtract(Money.sum((await em.findBy(Payment, { invoiceId })).map(({ toRefund }) => toRefund)));
}

/** The status after a change of what is due. What was written off stays so until something is paid or nothing is due any more. Pure. */
export function statusAfter(
  { paymentStatus, paid: before, wallet }: Pick<TenantInvoice, 'paymentStatus' | 'paid' | 'wallet'>,
  { due, paid }: Pick<TenantInvoice, 'due' | 'paid'>,
): PaymentStatus {
  if (due.isZero()) return 'paid';
  if (paymentStatus === 'written_off' && paid.compare(before) <= 0) return 'written_off';
  return paid.isZero() && wallet.isZero() ? 'unpaid' : 'partly_paid';
}

/** Throws `ValidationFailedError` for an amount that is not above zero or finer than the currency. */
function amountOf(text: string, { decimals, currency }: TenantInvoice): Money {
  const amount = Money.parse(text);
  if (amount.isZero() || amount.isNegative()) throw new ValidationFailedError([{ field: 'amount', message: 'must be above 0' }]);
  if (!amount.round(decimals, 'half_away').equals(amount))
    throw new ValidationFailedError([{ field: 'amount', message: `must have at most ${decimals} decimal places in ${currency}` }]);
  return amount.round(decimals, 'half_away');
}

/** A tenant does not get the reason, which an operator wrote for operators. */
const paymentView = (row: Payment, numbers: InvoiceNumbers, { kind: scope }: Scope): PaymentView => ({
  id: row.id,
  invoice_id: row.invoiceId,
  invoice_number: numbers.get(row.invoiceId) ?? null,
  tenant_id: row.tenantId,
  kind: row.kind,
  amount: row.amount.toAmountText(),
  currency: row.currency,
  reference: row.reference,
  received_on: row.receivedOn,
  payment_id: row.returnsId,
  to_due: row.toDue.toAmountText(),
  to_wallet: row.toWallet.toAmountText(),
  to_refund: row.toRefund.toAmountText(),
  reason: scope === 'tenant' ? null : row.reason,
  created_at: row.createdAt.toISOString(),
});
