import { TenantTransaction, Transaction } from '#libs/database';
import type { Scope } from '#libs/identity';
import { decodeCursor, Money, pageOf, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { WalletLot, type WalletKind } from '../entities/wallet.entity';

/** What one wallet of a tenant has now. */
export interface WalletBalanceView {
  readonly tenant_id: string;
  readonly kind: WalletKind;
  readonly currency: string;
  readonly balance: string;
  /** When the first part of it expires. */
  readonly expires_at: string | null;
}

interface BalanceRow {
  readonly tenant_id: string;
  readonly kind: WalletKind;
  readonly currency: string;
  readonly balance: string;
  readonly expires_at: Date | null;
}

const BALANCE_CURSOR = /^[^\0]{1,200}\0(money|promotion)\0[A-Z]{3}$/;

/** Reads what wallets have: the sum of what is left of their lots, without expired ones. */
@Injectable()
export class WalletBalances {
  constructor(
    private readonly transaction: Transaction,
    private readonly tenantTransaction: TenantTransaction,
  ) {}

  /** By tenant, kind and currency. A tenant gets its own wallets. Throws `InvalidCursorError`. [TBL-7] */
  list(
    scope: Scope,
    page: PageRequest,
    filters: { readonly tenant_id?: string; readonly kind?: string; readonly currency?: string },
  ): Promise<ListAnswer<WalletBalanceView>> {
    const [tenant, kind, currency] = (decodeCursor(page.cursor, BALANCE_CURSOR) ?? '').split('\0');
    return this.inScope(scope, async (em) => {
      const query = em
        .createQueryBuilder(WalletLot, 'l')
        .select([
          'l.tenant_id as tenant_id',
          'l.kind as kind',
          'l.currency as currency',
          'sum(l.remaining)::text as balance',
          'min(l.expires_at) as expires_at',
        ])
        .where('l.remaining > 0 and (l.expiresAt is null or l.expiresAt > clock_timestamp())');
      for (const [field, value] of Object.entries(filters))
        if (value !== undefined) query.andWhere(`l.${field} = :${field}`, { [field]: value });
      if (scope.kind === 'tenant') query.andWhere('l.tenantId = :own', { own: scope.tenantId });
      if (kind !== undefined) query.andWhere('(l.tenantId, l.kind, l.currency) > (:tenant, :kind, :currency)', { tenant, kind, currency });
      const rows = await query
        .groupBy('l.tenant_id, l.kind, l.currency')
        .orderBy('l.tenant_id')
        .addOrderBy('l.kind')
        .addOrderBy('l.currency')
        .limit(page.limit + 1)
        .getRawMany<BalanceRow>();
      const { items, next_cursor } = pageOf(rows, page.limit, (row) => `${row.tenant_id}\0${row.kind}\0${row.currency}`);
      return { data: items.map(balanceView), page: { next_cursor }, as_of: null, completeness: {} };
    });
  }

  private inScope<T>(scope: Scope, work: (em: EntityManager) => Promise<T>): Promise<T> {
    return scope.kind === 'tenant' ? this.tenantTransaction.run(scope.tenantId, work) : this.transaction.run(work);
  }
}

const balanceView = ({ tenant_id, kind, currency, balance, expires_at }: BalanceRow): WalletBalanceView => ({
  tenant_id,
  kind,
  currency,
  balance: Money.parse(balance, currency).toAmountText(),
  expires_at: expires_at?.toISOString() ?? null,
});
