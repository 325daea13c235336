import { MONEY } from '#libs/database';
import type { Money } from '#libs/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `money` is applied to what is due, after tax. `promotion` lowers the net of an invoice, before tax. */
export const WALLET_KINDS = ['money', 'promotion'] as const;
export type WalletKind = (typeof WALLET_KINDS)[number];

/** Granted lots are used before purchased ones. */
export const LOT_SOURCES = ['granted', 'purchased'] as const;
export type LotSource = (typeof LOT_SOURCES)[number];

/** Why a lot got more or less. */
export const ENTRY_CAUSES = ['grant', 'overpayment', 'credit_note', 'applied', 'given_back', 'returned', 'expired'] as const;
export type EntryCause = (typeof ENTRY_CAUSES)[number];

/** An amount that came into a wallet at once. `remaining` follows from its entries by a trigger, and a constraint keeps it from 0 to `amount`. */
@Entity('wallet_lots')
export class WalletLot {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('text')
  readonly tenantId: string;

  @Column('text')
  readonly kind: WalletKind;

  @Column('text')
  readonly source: LotSource;

  /** ISO 4217. */
  @Column('text')
  readonly currency: string;

  @Column('numeric', MONEY)
  readonly amount: Money;

  @Column('numeric', { ...MONEY, default: 0 })
  readonly remaining: Money;

  /** From this time on the lot is not used. */
  @Column('timestamptz', { nullable: true })
  readonly expiresAt: Date | null;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;
}

/** A movement of a lot. A trigger refuses every change of an entry. */
@Entity('wallet_entries')
export class WalletEntry {
  @PrimaryColumn('uuid', { default: () => 'arcadia_uuid()' })
  readonly id: string;

  @Column('uuid')
  readonly lotId: string;

  @Column('text')
  readonly tenantId: string;

  @Column('text')
  readonly kind: WalletKind;

  @Column('text')
  readonly source: LotSource;

  @Column('text')
  readonly currency: string;

  /** Below zero where the lot got less. */
  @Column('numeric', MONEY)
  readonly amount: Money;

  @Column('text')
  readonly cause: EntryCause;

  /** The invoice that it was applied to or came from. */
  @Column('uuid', { nullable: true })
  readonly invoiceId: string | null;

  @Column('uuid', { nullable: true })
  readonly creditNoteId: string | null;

  @Column('uuid', { nullable: true })
  readonly paymentId: string | null;

  /** Of its lot. */
  @Column('timestamptz', { nullable: true })
  readonly expiresAt: Date | null;

  @Column('text', { nullable: true })
  readonly reason: string | null;

  @Column('text')
  readonly createdBy: string;

  @Column('timestamptz', { default: () => 'clock_timestamp()' })
  readonly createdAt: Date;
}
