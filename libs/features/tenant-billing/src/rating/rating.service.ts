import { lockTransaction, Transaction, type Queryable } from '#libs/database';
import { canonicalJson, Money } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { firstDay, secondsOf } from '../months';
import { BillingProfiles } from '../profiles/billing-profiles';
import { PricePlanReader } from '../rates/price-plan-reader';
import type { PricePlan } from '../pricing/price-plan';
import { PoolService } from './pool.service';
import type { PoolName } from '../pricing/pools';
import { keptPiece, rateTenant } from './rate-tenant';
import type { RunProblem, RunProgress, RunTotals, TenantSum } from '../pricing/run.states';
import { RatedLineWriter } from './rated-line-writer';
import type { PieceRow } from './stage.sql';
import { piecesByTenant, stageMonth, StatementsAhead } from './staged-month';

/** The result of one rating. */
export interface Rating {
  readonly inputsDigest: string;
  readonly linesDigest: string;
  readonly problems: readonly RunProblem[];
  readonly totals: RunTotals;
  /** Of the tenants with lines. */
  readonly tenantSums: readonly TenantSum[];
}

/** A month under another plan. */
export interface TenantTotal {
  readonly tenant_id: string;
  readonly now: string;
  readonly simulated: string;
}

export interface RatedMonth {
  readonly issuerId: string;
  /** The first day of the month. */
  readonly period: string;
}

/** Rates months: the only writer of `rated_lines`. */
@Injectable()
export class RatingService {
  constructor(
    private readonly transaction: Transaction,
    private readonly plans: PricePlanReader,
    private readonly pools: PoolService,
    private readonly profiles: BillingProfiles,
  ) {}

  /**
   * Replaces the lines of a month as a whole, in one transaction that `finish` ends. Ratings wait for each other. Equal inputs give equal
   * lines, byte by byte. [TBL-1] [TBL-2]
   */
  rate(
    { issuerId, period }: RatedMonth,
    report: (progress: RunProgress) => Promise<void>,
    finish: (tx: Queryable, rating: Rating) => Promise<void>,
  ): Promise<Rating> {
    return this.transaction.bulkLoad(async (em, tx) => {
      await lockTransaction(tx, 'rating');
      const plan = await this.plans.read(tx, period);
      const rules = await this.pools.rulesOf(tx, period);
      const month = await stageMonth(tx, period, rules);
      const ahead = new StatementsAhead(tx);
      const lines = new RatedLineWriter(ahead, issuerId, period);
      const inputs = createHash('sha256');
      inputs.update(canonicalJson({ issuerId, period, plan: planInputs(plan), pools: [...rules], documents: month.documents }));
      await tx.query('delete from rated_lines where issuer_id = $1 and period = $2::date', [issuerId, period]); // Set-based: the whole month
      const problems: RunProblem[] = [...month.problems, ...(await this.profiles.problemsOf(em, issuerId, month.tenants))];
      const sums: TenantSum[] = [];
      const rated = new Set<string>();
      const seconds = secondsOf(period);
      const rateOne = async (tenant: string, pieces: readonly PieceRow[], first: number): Promise<void> => {
        rated.add(tenant);
        const one = rateTenant(tenant, pieces, month.sharesOf.get(tenant) ?? [], plan, seconds);
        await lines.addPieces(one.pieces, pieces, first);
        await lines.add(one.more);
        problems.push(...one.problems);
        const count = one.pieces.length + one.more.length;
        if (count > 0) sums.push({ tenant_id: tenant, lines: count, sell: one.sell.toText() });
      };
      let linesDigest = '';
      try {
        for await (const { tenant, pieces, first } of piecesByTenant(ahead, inputs)) {
          if (tenant !== null) await rateOne(tenant, pieces, first);
          else {
            const kept = pieces.map((piece) => {
              const bucket = month.bucketOf(piece.pool as PoolName);
              return bucket && keptPiece(piece, bucket);
            });
            await lines.addPieces(kept, pieces, first);
          }
          await report({ tenants: rated.size, lines: lines.written });
        }
        for (const tenant of [...month.tenants, ...[...plan.cards.keys()].sort()]) if (!rated.has(tenant)) await rateOne(tenant, [], 0);
        linesDigest = await lines.end();
      } finally {
        await ahead.settled();
      }
      const rating: Rating = {
        inputsDigest: inputs.digest('hex'),
        linesDigest,
        problems,
        totals: {
          payable: month.payable.toAmountText(),
          reconciliation_difference: month.difference.toAmountText(),
          sell: Money.sum(sums.map(({ sell }) => Money.parse(sell))).toAmountText(),
          tenants: sums.length,
          lines: lines.written,
        },
        tenantSums: sums,
      };
      await finish(tx, rating);
      return rating;
    });
  }

  /** What each tenant would pay for a month if this version counted in it instead of the present one of its card. Writes nothing. */
  async simulate(month: string, cardId: string, version: number): Promise<TenantTotal[]> {
    const period = firstDay(month);
    return this.transaction.bulkLoad(async (_em, tx) => {
      const [plan, other] = [await this.plans.read(tx, period), await this.plans.read(tx, period, { cardId, version })];
      const month = await stageMonth(tx, period, await this.pools.rulesOf(tx, period));
      const seconds = secondsOf(period);
      const totals: TenantTotal[] = [];
      const ahead = new StatementsAhead(tx);
      const add = (tenant: string, pieces: readonly PieceRow[]): void => {
        const [now, simulated] = [plan, other].map(
          (one) => rateTenant(tenant, pieces, month.sharesOf.get(tenant) ?? [], one, seconds).sell,
        );
        totals.push({ tenant_id: tenant, now: now?.toAmountText() ?? '0.00', simulated: simulated?.toAmountText() ?? '0.00' });
      };
      for await (const { tenant, pieces } of piecesByTenant(ahead)) if (tenant !== null) add(tenant, pieces);
      await ahead.settled();
      const rated = new Set(totals.map(({ tenant_id }) => tenant_id));
      const more = new Set([...month.tenants, ...plan.cards.keys(), ...other.cards.keys()]);
      for (const tenant of [...more].filter((id) => !rated.has(id) && !plan.closed.has(id)).sort()) add(tenant, []);
      return totals;
    });
  }
}

const planInputs = ({ closed, standard, cards, tenantOverrides, resourceOverrides }: PricePlan) => ({
  closed: [...closed],
  standard: standard?.digest ?? null,
  cards: [...cards].map(([tenant, { digest }]) => [tenant, digest] as const).sort(byKey),
  tenantOverrides: [...tenantOverrides].sort(byKey),
  resourceOverrides: [...resourceOverrides].sort(byKey),
});

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
