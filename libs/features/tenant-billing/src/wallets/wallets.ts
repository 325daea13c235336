import { AuditLog, type Actor, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import type { Scope } from '#libs/identity';
import { Money, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { TenantNotFoundError, TenantRegistry } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { WalletEntry, WalletLot, type EntryCause, type LotSource, type WalletKind } from '../entities/wallet.entity';
import { decimalsOf } from '../pricing/tenant-document';
import { invoiceNumbers, ScopedLists, type InvoiceNumbers } from './scoped-lists';
import { drawLots } from './draw-lots';

export interface WalletEntryView {
  readonly id: string;
  readonly tenant_id: string;
  readonly lot_id: string;
  readonly kind: WalletKind;
  readonly source: LotSource;
  readonly currency: string;
  readonly amount: string;
  readonly cause: EntryCause;
  readonly invoice_id: string | null;
  readonly invoice_number: string | null;
  readonly credit_note_id: string | null;
  readonly payment_id: string | null;
  readonly expires_at: string | null;
  /** Null for tenants. */
  readonly reason: string | null;
  readonly created_at: string;
}

/** What an admin puts into a wallet. */
export interface WalletGrant {
  readonly kind: WalletKind;
  readonly source: LotSource;
  readonly amount: string;
  readonly currency: string;
  readonly expires_at: string | null;
  readonly reason: string;
}

export interface WalletFilters {
  readonly kind?: string;
  readonly source?: string;
  readonly cause?: string;
  readonly currency?: string;
  readonly invoice_id?: string;
  readonly credit_note_id?: string;
  readonly payment_id?: string;
  readonly lot_id?: string;
}

/** The wallet of a tenant in one currency. */
export interface WalletKey {
  readonly tenantId: string;
  readonly kind: WalletKind;
  readonly currency: string;
}

/** What an entry comes from. */
export interface EntryOrigin {
  readonly cause: EntryCause;
  readonly invoiceId?: string;
  readonly creditNoteId?: string;
  readonly paymentId?: string;
  readonly reason?: string | null;
  readonly by: Pick<Actor, 'sub'>;
}

const NOTHING = Money.parse('0');
const SERVICE = { sub: 'wallets' };
const PLATFORM = { kind: 'platform' } as const;

/**
 * What tenants have in advance: the only writer of `wallet_lots` and `wallet_entries`. Entries are added and never changed; the rest of a lot follows
 * from them in the database, which lets no lot go below zero. [TBL-6]
 */
@Injectable()
export class Wallets {
  constructor(
    private readonly lists: ScopedLists,
    private readonly transaction: Transaction,
    private readonly tenants: TenantRegistry,
    private readonly audit: AuditLog,
  ) {}

  /** Newest first. A tenant reads its own wallet; another one's is not found. Throws `TenantNotFoundError`. */
  async list(scope: Scope, tenantId: string, page: PageRequest, filters: WalletFilters = {}): Promise<ListAnswer<WalletEntryView>> {
    if (scope.kind === 'tenant' ? scope.tenantId !== tenantId : !(await this.tenants.find(tenantId))) throw new TenantNotFoundError();
    return this.lists.list(scope, WalletEntry, page, { ...filters, tenant_id: tenantId }, async (rows, em) => {
      const numbers = await invoiceNumbers(em, rows);
      return rows.map((row) => entryView(row, numbers, scope));
    });
  }

  /** Puts an amount into a wallet. Throws `TenantNotFoundError` and `ValidationFailedError`. */
  async grant(tenantId: string, grant: WalletGrant, because: AuditContext): Promise<WalletEntryView> {
    if (!(await this.tenants.find(tenantId))) throw new TenantNotFoundError();
    const amount = Money.parse(grant.amount);
    const decimals = decimalsOf(grant.currency);
    if (!amount.round(decimals, 'half_away').equals(amount))
      throw new ValidationFailedError([{ field: 'amount', message: `must have at most ${decimals} decimal places in ${grant.currency}` }]);
    if (grant.expires_at !== null && Date.parse(grant.expires_at) <= Date.now())
      throw new ValidationFailedError([{ field: 'expires_at', message: 'must be in the future' }]);
    return this.transaction.run(async (em) => {
      const { kind, currency, source, reason } = grant;
      const expiresAt = grant.expires_at === null ? null : new Date(grant.expires_at);
      const entry = await this.addLot(
        em,
        { tenantId, kind, currency },
        { amount, source, expiresAt },
        { cause: 'grant', reason, by: because.by },
      );
      const details = { tenant_id: tenantId, kind, source, amount: amount.toText(), currency, expires_at: grant.expires_at };
      const target = { type: 'wallet_entry', id: entry.id };
      await this.audit.record(queryableOf(em), { ...because, reason, action: 'wallet_granted', target, details });
      return entryView(entry, new Map(), PLATFORM);
    });
  }

  /** A new lot with its first entry. */
  async addLot(
    em: EntityManager,
    { tenantId, kind, currency }: WalletKey,
    { amount, source, expiresAt = null }: { readonly amount: Money; readonly source: LotSource; readonly expiresAt?: Date | null },
    origin: EntryOrigin,
  ): Promise<WalletEntry> {
    const { identifiers } = await em.insert(WalletLot, { tenantId, kind, currency, source, amount, remaining: NOTHING, expiresAt });
    const lot = await em.findOneByOrFail(WalletLot, { id: String(identifiers[0]?.id) });
    return this.enter(em, lot, amount, origin);
  }

  /** What the promotion wallets of tenants have now, by tenant and currency as `acme USD`. */
  async promotionsOf(em: EntityManager, tenants: readonly string[]): Promise<Map<string, Money>> {
    const left = new Map<string, Money>();
    const lots = await usableLots(em).andWhere(`l.kind = 'promotion' and l.tenantId = any (:tenants)`, { tenants }).getMany();
    for (const { tenantId, currency, remaining } of lots) {
      const key = `${tenantId} ${currency}`;
      left.set(key, (left.get(key) ?? NOTHING).add(remaining));
    }
    return left;
  }

  /** Takes at most `upTo` from the wallet, in the order of its lots, and returns what it took. */
  async take(em: EntityManager, key: WalletKey, upTo: Money, origin: EntryOrigin): Promise<Money> {
    const lots = await usableLots(em)
      .andWhere('l.tenantId = :tenantId and l.kind = :kind and l.currency = :currency', key)
      .orderBy('l.id')
      .setLock('pessimistic_write')
      .getMany();
    const taken = drawLots(lots, upTo);
    for (const { id, amount } of taken) {
      const lot = lots.find((one) => one.id === id);
      if (lot) await this.enter(em, lot, amount.negate(), origin);
    }
    return Money.sum(taken.map(({ amount }) => amount));
  }

  /** Gives back what was applied to an invoice, to the lots that it came from: when its approval is taken back, or it is made void. */
  async giveBack(em: EntityManager, invoiceId: string, by: Pick<Actor, 'sub'>): Promise<void> {
    const entries = await em.findBy(WalletEntry, [
      { invoiceId, cause: 'applied' },
      { invoiceId, cause: 'given_back' },
    ]);
    for (const lotId of [...new Set(entries.map((entry) => entry.lotId))].sort()) {
      const applied = Money.sum(entries.filter((entry) => entry.lotId === lotId).map(({ amount }) => amount));
      if (!applied.isNegative()) continue;
      const lot = await em.findOneOrFail(WalletLot, { where: { id: lotId }, lock: { mode: 'pessimistic_write' } });
      await this.enter(em, lot, applied.negate(), { cause: 'given_back', invoiceId, by });
    }
  }

  /** The lot that a payment made, locked; null when all of it went to what was due. */
  async lotOfPayment(em: EntityManager, paymentId: string): Promise<WalletLot | null> {
    const entry = await em.findOneBy(WalletEntry, { paymentId, cause: 'overpayment' });
    return entry ? em.findOneOrFail(WalletLot, { where: { id: entry.lotId }, lock: { mode: 'pessimistic_write' } }) : null;
  }

  /** Adds an entry to a lot that the transaction has locked. */
  async enter(em: EntityManager, lot: WalletLot, amount: Money, origin: EntryOrigin): Promise<WalletEntry> {
    const { id: lotId, tenantId, kind, source, currency, expiresAt } = lot;
    const { cause, invoiceId = null, creditNoteId = null, paymentId = null, reason = null, by } = origin;
    const of = { lotId, tenantId, kind, source, currency, expiresAt };
    const { identifiers } = await em.insert(WalletEntry, {
      ...of,
      amount,
      cause,
      invoiceId,
      creditNoteId,
      paymentId,
      reason,
      createdBy: by.sub,
    });
    return em.findOneByOrFail(WalletEntry, { id: String(identifiers[0]?.id) });
  }

  /** Enters the end of lots that have expired; they were not used since. Returns how many. */
  async expire(): Promise<number> {
    return this.transaction.run(async (em) => {
      const lots = await em
        .createQueryBuilder(WalletLot, 'l')
        .where('l.remaining > 0 and l.expiresAt <= clock_timestamp()')
        .orderBy('l.id')
        .limit(500)
        .setLock('pessimistic_write')
        .setOnLocked('skip_locked')
        .getMany();
      for (const lot of lots) await this.enter(em, lot, lot.remaining.negate(), { cause: 'expired', by: SERVICE });
      return lots.length;
    });
  }
}

/** Lots that have something left and have not expired, by the database's clock. */
const usableLots = (em: EntityManager): SelectQueryBuilder<WalletLot> =>
  em.createQueryBuilder(WalletLot, 'l').where('l.remaining > 0 and (l.expiresAt is null or l.expiresAt > clock_timestamp())');

/** A tenant does not get the reason, which an operator wrote for operators. */
const entryView = (row: WalletEntry, numbers: InvoiceNumbers, { kind: scope }: Scope): WalletEntryView => ({
  id: row.id,
  tenant_id: row.tenantId,
  lot_id: row.lotId,
  kind: row.kind,
  source: row.source,
  currency: row.currency,
  amount: row.amount.toAmountText(),
  cause: row.cause,
  invoice_id: row.invoiceId,
  invoice_number: row.invoiceId === null ? null : (numbers.get(row.invoiceId) ?? null),
  credit_note_id: row.creditNoteId,
  payment_id: row.paymentId,
  expires_at: row.expiresAt?.toISOString() ?? null,
  reason: scope === 'tenant' ? null : row.reason,
  created_at: row.createdAt.toISOString(),
});
