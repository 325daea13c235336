import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { decodeCursor, domainError, isDay, Money, pageOf, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ListPriceRow, type PriceSource, type PriceUnit } from '../entities/list-price-row.entity';
import { PriceBook } from './price-book';

export interface ListPriceView {
  readonly product: string;
  readonly source: PriceSource;
  readonly valid_from: string;
  readonly amount: string;
  readonly unit: PriceUnit;
  readonly hourly: string | null;
  readonly minimum: string | null;
  readonly currency: string;
  readonly origin: string;
  readonly as_of: string;
  readonly changed_by: string | null;
}

export interface ListPriceChange {
  readonly product: string;
  readonly amount: string;
  readonly minimum?: string;
  readonly origin: string;
  /** RFC 3339; now unless given. */
  readonly valid_from?: string;
}

export interface ListPriceFilters {
  readonly product?: string;
  readonly source?: string;
  readonly history?: boolean;
}

export class PriceExistsError extends domainError(
  'price_exists',
  'conflict',
  (product: string) => `There is a configured price of ${product} from that time on already; choose another valid_from`,
) {}

const CURSOR = /^[^\0|]{1,120}\|(catalog|observed|configured)\|\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const isTime = (text: string): boolean => isDay(text.slice(0, 10)) && !Number.isNaN(Date.parse(text));

/** Lists and sets the prices of units. */
@Injectable()
export class ListPriceService {
  constructor(
    private readonly transaction: Transaction,
    @InjectRepository(ListPriceRow) private readonly rows: Repository<ListPriceRow>,
    private readonly book: PriceBook,
    private readonly audit: AuditLog,
  ) {}

  /** By product, source and time. Without `history` only the prices that count now or will. */
  async list({ product, source, history }: ListPriceFilters, page: PageRequest): Promise<ListAnswer<ListPriceView>> {
    const found = this.rows.createQueryBuilder('p').orderBy('p.product').addOrderBy('p.source').addOrderBy('p.validFrom');
    const after = decodeCursor(page.cursor, CURSOR, (key) => isTime(key.split('|')[2] ?? ''))?.split('|');
    if (after) found.andWhere('(p.product, p.source, p.valid_from) > (:p, :s, :v)', { p: after[0], s: after[1], v: after[2] });
    if (product !== undefined) found.andWhere('p.product = :product', { product });
    if (source !== undefined) found.andWhere('p.source = :source', { source });
    if (!history) {
      const later = 'later.product = p.product and later.source = p.source and later.valid_from > p.valid_from';
      found.andWhere(`not exists (select from list_prices later where ${later} and later.valid_from <= clock_timestamp())`);
    }
    const rows = await found.limit(page.limit + 1).getMany();
    const { items, next_cursor } = pageOf(rows, page.limit, (row) => `${row.product}|${row.source}|${row.validFrom.toISOString()}`);
    return { data: items.map(view), page: { next_cursor }, as_of: null, completeness: {} };
  }

  /** Adds configured prices, in the unit of each product. Throws `PriceExistsError` when one of them has a time that its product has already. */
  async set(
    changes: readonly ListPriceChange[],
    unitOf: (product: string) => PriceUnit,
    context: AuditContext,
  ): Promise<ListAnswer<ListPriceView>> {
    const rows = await this.transaction.run(async (em) => {
      const written: ListPriceRow[] = [];
      for (const { product, amount, minimum, origin, valid_from } of changes) {
        const added = await em
          .createQueryBuilder()
          .insert()
          .into(ListPriceRow)
          .values({
            product,
            source: 'configured',
            validFrom: valid_from === undefined ? () => `date_trunc('milliseconds', clock_timestamp())` : new Date(valid_from),
            amount,
            unit: unitOf(product),
            minimum: minimum ?? null,
            origin,
            changedBy: context.by.sub,
          })
          .orIgnore()
          .returning('valid_from')
          .execute();
        const [row] = added.raw as { valid_from: Date }[];
        if (!row) throw new PriceExistsError(product);
        written.push(await em.findOneByOrFail(ListPriceRow, { product, source: 'configured', validFrom: row.valid_from }));
      }
      const details = { prices: changes.map(({ product, amount }) => ({ product, amount })) };
      await this.audit.record(queryableOf(em), {
        ...context,
        action: 'list_prices_set',
        target: { type: 'list_prices', id: changes[0]?.product ?? '' },
        details,
      });
      return written;
    });
    this.book.forget();
    return { data: rows.map(view), page: { next_cursor: null }, as_of: null, completeness: {} };
  }
}

function view(row: ListPriceRow): ListPriceView {
  const { product, source, unit, hourly, minimum, currency, origin } = row;
  const [valid_from, as_of] = [row.validFrom.toISOString(), row.asOf.toISOString()];
  const amount = Money.parse(row.amount).toAmountText();
  return { product, source, valid_from, amount, unit, hourly, minimum, currency, origin, as_of, changed_by: row.changedBy };
}
