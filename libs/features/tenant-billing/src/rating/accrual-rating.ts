import { TenantPrice, type AccrualRating, type AccruedLine, type AccruedSums, type SoldLine } from '#libs/costs';
import { Database } from '#libs/database';
import { Money } from '#libs/kernel';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { secondsOf } from '../months';
import { KEPT, splitPool } from '../pricing/pools';
import { PricePlanReader } from '../rates/price-plan-reader';
import { PoolService } from './pool.service';
import { rateTenant, type SharedPart } from './rate-tenant';
import type { PieceRow } from './stage.sql';

/**
 * Rates what accrued for a tenant exactly as a run rates the provider's lines: with its card, overrides, terms and its part of what belongs to no
 * tenant. The lines exist for one answer and are never written, so none can get on an invoice. What only an invoice of the provider has (account-wide
 * lines, support, taxes, credits) does not accrue.
 */
@Injectable()
export class TenantAccrualRating implements AccrualRating, OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly plans: PricePlanReader,
    private readonly pools: PoolService,
    private readonly tenantPrice: TenantPrice,
  ) {}

  onModuleInit(): void {
    this.tenantPrice.useRating(this);
  }

  async rate(tenantId: string, period: string, lines: readonly AccruedLine[], sums: () => Promise<AccruedSums>): Promise<SoldLine[]> {
    const plan = await this.plans.read(this.database, period);
    const shares = await this.sharesOf(tenantId, period, sums);
    const pieces = lines.map((line): PieceRow => ({ ...line, amount: line.amount ?? '0', tenant: tenantId, pool: null }));
    const rated = rateTenant(tenantId, pieces, shares, plan, secondsOf(period));
    return [
      ...pieces.map(({ kind, product }, at) => ({ kind, product, of: at, sell: rated.pieces[at]?.sell?.toText() ?? null })),
      ...rated.more.map(({ lineKind: kind, product, sell }) => ({ kind, product, of: null, sell: sell?.toText() ?? null })),
    ];
  }

  /** The tenant's part of what accrued for no tenant. All tenants are summed only where the pool is split. */
  private async sharesOf(tenantId: string, period: string, sums: () => Promise<AccruedSums>): Promise<SharedPart[]> {
    const pool = 'unattributed';
    const rule = (await this.pools.rulesOf(this.database, period)).get(pool) ?? KEPT;
    if (rule.method === 'keep' || rule.method === 'house') return [];
    const all = await sums();
    const total = Money.parse(all.get(null) ?? '0');
    const direct = new Map([...all].flatMap(([tenant, amount]) => (tenant === null ? [] : [[tenant, Money.parse(amount)] as const])));
    const own = splitPool(total, rule, direct).filter((part) => part.tenantId === tenantId);
    return own.map((part) => ({ ...part, pool, method: rule.method, poolAmount: total.toText() }));
  }
}
