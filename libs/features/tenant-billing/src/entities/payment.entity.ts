import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `received`: the tenant paid. `refunded`: the issuer paid back. `reversed`: the bank took it back, such as a chargeback. */
export const PAYMENT_KINDS = ['received', 'refunded', 'reversed'] as const;
export type PaymentKind = (typeof PAYMENT_KINDS)[number];

/** A payment, or the return of one. A trigger refuses every change. `to_due`, `to_wallet` and `to_refund` add up to the amount. */
@Entity('payments')
export class Payment {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly invoiceId: string;

  @Column('text')
  readonly tenantId: string;

  @Column('text')
  readonly kind: PaymentKind;

  @Column('numeric', MONEY)
  readonly amount: Money;

  @Column('text')
  readonly currency: string;

  /** Of the bank or the payment service; unique. */
  @Column('text')
  readonly reference: string;

  @Column('date')
  readonly receivedOn: string;

  /** The payment that is returned; null for one that was received. */
  @Column('uuid', { nullable: true })
  readonly returnsId: string | null;

  /** Lowers what is due; of a return: raises it again. */
  @Column('numeric', MONEY)
  readonly toDue: Money;

  /** Goes to the money wallet, because nothing more was due; of a return: comes from there. */
  @Column('numeric', MONEY)
  readonly toWallet: Money;

  /** Of a return: what credit notes promised to pay back. */
  @Column('numeric', MONEY)
  readonly toRefund: Money;

  @Column('text', { nullable: true })
  readonly reason: string | null;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;
}
