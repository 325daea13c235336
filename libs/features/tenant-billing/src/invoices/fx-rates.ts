import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { decodeCursor, isDay, Money, pageOf, ValidationFailedError, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { FxRate } from '../entities/fx-rate.entity';
import { PROVIDER_CURRENCY } from './draft';

/** What a US dollar costs in another currency, from a day on. */
export interface FxRateInput {
  readonly currency: string;
  /** Decimal text. */
  readonly rate: string;
  readonly source: string;
  /** The day, `2026-10-31`. */
  readonly on: string;
}

export interface FxRateView extends FxRateInput {
  readonly set_by: string;
  readonly set_at: string;
}

const CURSOR = /^\d{4}-\d{2}-\d{2}\/[A-Z]{3}$/;

/** Exchange rates for invoices in another currency than the provider's: the only writer of `fx_rates`. An issued invoice keeps its rate. [TBL-9] */
@Injectable()
export class FxRates {
  constructor(
    @InjectRepository(FxRate) private readonly rates: Repository<FxRate>,
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
  ) {}

  /** Latest day first. */
  async list(page: PageRequest, currency?: string): Promise<ListAnswer<FxRateView>> {
    const before = decodeCursor(page.cursor, CURSOR, (key) => isDay(key.slice(0, 10)));
    const query = this.rates.createQueryBuilder('r').orderBy('r.validOn', 'DESC').addOrderBy('r.currency', 'DESC');
    if (currency !== undefined) query.andWhere('r.currency = :currency', { currency });
    if (before !== null) {
      const [day, code] = before.split('/');
      query.andWhere('(r.valid_on, r.currency) < (:day::date, :code)', { day, code });
    }
    const rows = await query.limit(page.limit + 1).getMany();
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => `${row.validOn}/${row.currency}`);
    return { data: items.map(rateView), page: { next_cursor }, as_of: null, completeness: {} };
  }

  /** Sets the rate of a day. Drafts take it over when they are refreshed. Throws `ValidationFailedError`. */
  async set({ currency, rate, source, on }: FxRateInput, because: AuditContext): Promise<FxRateView> {
    if (currency === PROVIDER_CURRENCY)
      throw new ValidationFailedError([{ field: 'currency', message: `must not be ${PROVIDER_CURRENCY}, which the provider charges in` }]);
    if (Money.parse(rate).isZero() || Money.parse(rate).isNegative())
      throw new ValidationFailedError([{ field: 'rate', message: 'must be above 0' }]);
    return this.transaction.run(async (em) => {
      const before = await em.findOneBy(FxRate, { currency, validOn: on });
      const row = { currency, validOn: on, rate, source, setBy: because.by.sub, setAt: () => 'clock_timestamp()' };
      await em.upsert(FxRate, row, ['currency', 'validOn']);
      await this.audit.record(queryableOf(em), {
        ...because,
        action: 'fx_rate_set',
        target: { type: 'fx_rate', id: `${currency}/${on}` },
        details: { rate, source, ...(before && { previous_rate: before.rate }) },
      });
      return rateView(await em.findOneByOrFail(FxRate, { currency, validOn: on }));
    });
  }
}

const rateView = ({ currency, rate, source, validOn, setBy, setAt }: FxRate): FxRateView => ({
  currency,
  rate,
  source,
  on: validOn,
  set_by: setBy,
  set_at: setAt.toISOString(),
});
